#pragma once

#include <optional>

#include "cpu/kernel.h"

namespace gannet {

/** The input gradient of a convolution whose image has few channels, such as a generator's last layer: one matrix product
 *  dy [N P Q, K] w [K, R S C], whose rows are then added to the image where their windows lie. Nothing where the shape does
 *  not suit. */
std::optional<Kernel> few_channels_input_gradient(const Step& step, Build& build);

/** A convolution with few filters, such as the last layer of an autoencoder: one matrix product x [N H W, C] w^T [C, K R S], of whose
 *  columns each result sums those that meet at its window. Nothing where the shape does not suit. */
std::optional<Kernel> few_filters_forward(const Step& step, Build& build);

/** Its filter gradient: one matrix product of the result's gradients that each pixel of the image meets [K R S, N H W] and x [N H W, C]. */
std::optional<Kernel> few_filters_filter_gradient(const Step& step, Build& build);

}  // namespace gannet
