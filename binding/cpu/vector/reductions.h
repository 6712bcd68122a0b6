#pragma once

#include <cstdint>

#include "kernels.h"

namespace gannet::GANNET_ISA {

// @see VectorKernels

float sum(const float* x, int64_t n);
float max(const float* x, int64_t n);
Deviations deviations(const float* x, float from, int64_t n);

}  // namespace gannet::GANNET_ISA
