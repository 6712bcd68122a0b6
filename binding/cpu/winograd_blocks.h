#pragma once

#include "cpu/kernel.h"
#include "cpu/winograd_layer.h"

namespace gannet {

/** Whether the tiles are so few that `winograd_blocks` suits. */
bool has_few_tiles(const TiledConvolution& convolution);

/** Whether there is a block for every thread. */
bool occupies_threads(const WinogradLayer& layer, const Build& build);

/** A convolution or its input gradient of few tiles. Its transformed filter would be far larger than all else, and each number of it meets few
 *  others: it is made a block at a time, which is used up before it leaves the second-level cache. */
Kernel winograd_blocks(const Step& step, Build& build, WinogradLayer layer);

}  // namespace gannet
