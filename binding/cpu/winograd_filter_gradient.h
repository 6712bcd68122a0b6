#pragma once

#include "cpu/kernel.h"
#include "cpu/winograd_tiles.h"

namespace gannet {

/** The filter gradient by minimal filtering: the products of squares of the image and of the result's gradient, both transformed to points,
 *  are summed over all squares, and the sums transformed to taps. `convolution` is the one of whose filter it is. */
Kernel winograd_filter_gradient(const Step& step, Build& build, TiledConvolution convolution);

}  // namespace gannet
