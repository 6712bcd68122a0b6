#pragma once

#include <cstdint>

namespace gannet::GANNET_ISA {

// @see WinogradTransforms
void winograd_image(float* const* y, const float* const* x, int64_t n);
void winograd_filter(float* const* y, const float* const* x, int64_t n);
void winograd_result(float* const* y, const float* const* x, int64_t n);
void winograd_result_gradient(float* const* y, const float* const* x, int64_t n);
void winograd_filter_gradient(float* const* y, const float* const* x, int64_t n);

}  // namespace gannet::GANNET_ISA
