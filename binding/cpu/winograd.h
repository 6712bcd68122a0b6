#pragma once

#include <optional>

#include "cpu/kernel.h"

// Convolutions by Winograd's minimal filtering: a square of 6x6 pixels and a window of 3x3 taps, each transformed to 36 points, give 4x4 pixels
// of the result by 36 products where 144 are due; windows of 2x2 have 25 points. Strided windows run as several of stride 1
// (cpu/winograd_tiles.h); those with fewer taps than their square have no products at the points at infinity. The products of a point, for
// many squares, are one matrix product. Its sums are of transformed numbers, which costs about one more digit: up to 3e-6 of the largest
// result. No bit depends on the number of threads. See arXiv:1509.09308.
namespace gannet {

/** The kernel for a convolution op, or nothing where the shape does not suit. */
std::optional<Kernel> winograd(const Step& step, Build& build);

}  // namespace gannet
