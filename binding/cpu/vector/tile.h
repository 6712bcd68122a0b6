#pragma once

#include <cstdint>

#include "kernels.h"

namespace gannet::GANNET_ISA {

// The tile fills about half of the vector registers with sums; the rest holds the operands of the next products.
#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
inline constexpr int kTileRows = 8;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
inline constexpr int kTileRows = 4;
#else
inline constexpr int kVectorBytes = 16;
inline constexpr int kTileRows = 4;
#endif
/** Numbers of a vector, and columns of a tile. */
template <typename T>
inline constexpr int kVectorSize = kVectorBytes / static_cast<int>(sizeof(T));
template <typename T>
inline constexpr int kTileColumns = 2 * kVectorSize<T>;

template <typename T>
struct Vectors {
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  /** A vector in memory, at any number. */
  typedef T VectorInMemory __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
};

/** @see Tile */
template <typename T>
void multiply_add(T* c, const T* const* a, const T* const* b, int64_t count, int64_t depth);

/** @see VectorKernels::multiply_strips */
void multiply_strips(const StripsProduct& product);

}  // namespace gannet::GANNET_ISA
