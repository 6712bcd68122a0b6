#pragma once

#include "kernels.h"

namespace gannet::GANNET_ISA {

/** @see VectorKernels */
void random_uniform(float* y, int64_t first, int64_t n, RandomKey key, float low, float span);
void random_normal(float* y, int64_t first, int64_t n, RandomKey key, float mean, float deviation);

}  // namespace gannet::GANNET_ISA
