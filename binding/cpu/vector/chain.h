#pragma once

#include <cstdint>

#include "kernels.h"

namespace gannet::GANNET_ISA {

/** @see VectorKernels::chain */
void run_chain(float* y, const float* x, const Link* links, size_t count, int64_t n);

}  // namespace gannet::GANNET_ISA
