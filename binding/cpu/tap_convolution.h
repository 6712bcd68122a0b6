#pragma once

#include <optional>

#include "cpu/kernel.h"

// Convolutions as one matrix product per tap of the window, whose rows are the images of the batch: every product is dense, and
// padding costs nothing. Faster than oneDNN's direct convolution for deep layers.
namespace gannet {

/** The kernel for a convolution op, or nothing where the shape does not suit: few channels, or too few images to fill a tile. */
std::optional<Kernel> tap_convolution(const Step& step, Build& build);

}  // namespace gannet
