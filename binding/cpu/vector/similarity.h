#pragma once

#include <cstdint>

namespace gannet::GANNET_ISA {

/** @see VectorKernels */
void add_similarity(float* o, const float* a, const float* b, int64_t n, int64_t dimensions);
void add_similarity_gradient(float* da, const float* a, const float* b, const float* dy_a, const float* dy_b, int64_t n,
                             int64_t dimensions);

}  // namespace gannet::GANNET_ISA
