#pragma once

#include <optional>

#include "cpu/kernel.h"

namespace gannet {

/** The input gradient of a convolution whose image has few channels, such as a generator's last layer: one matrix product
 *  dy [N P Q, K] w [K, R S C], whose rows are then added to the image where their windows lie. Nothing where the shape does
 *  not suit. */
std::optional<Kernel> few_channels_input_gradient(const Step& step, Build& build);

}  // namespace gannet
