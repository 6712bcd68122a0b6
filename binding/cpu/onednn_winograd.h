#pragma once

#include <optional>

#include "cpu/kernel.h"

// 3x3 convolutions of stride 1 by Winograd's minimal filtering, as oneDNN does it: 36 products where 144 are due for 4x4 pixels, about twice
// as fast as any direct form. Its sums are of transformed numbers, which costs about one more digit: 2e-6 of the largest result.
// See arXiv:1509.09308.
namespace gannet {

/** The kernel for a convolution op, or nothing where the shape does not suit or oneDNN has none for this processor. */
std::optional<Kernel> onednn_winograd(const Step& step, Build& build);

}  // namespace gannet
