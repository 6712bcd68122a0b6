#pragma once

#include <cstdint>

namespace gannet::GANNET_ISA {

// The tile fills about half of the vector registers with sums; the rest holds the operands of the next products.
#if defined(__AVX512F__)
inline constexpr int kVectorFloats = 16;
inline constexpr int kTileRows = 8;
#elif defined(__AVX2__)
inline constexpr int kVectorFloats = 8;
inline constexpr int kTileRows = 4;
#else
inline constexpr int kVectorFloats = 4;
inline constexpr int kTileRows = 4;
#endif
inline constexpr int kTileColumns = 2 * kVectorFloats;

/** @see VectorKernels */
void multiply_add(float* c, const float* const* a, const float* const* b, int64_t count, int64_t depth);

}  // namespace gannet::GANNET_ISA
