#include "tile.h"

namespace gannet::GANNET_ISA {

namespace {

template <typename T>
struct Vectors {
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  /** A vector in memory, at any number. */
  typedef T VectorInMemory __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
};

}  // namespace

template <typename T>
void multiply_add(T* c, const T* const* a, const T* const* b, int64_t count, int64_t depth) {
  using Vector = typename Vectors<T>::Vector;
  using VectorInMemory = typename Vectors<T>::VectorInMemory;
  Vector sums[kTileRows][2];
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; i++) sums[i][0] = sums[i][1] = Vector{};
  for (int64_t run = 0; run < count; run++) {
    const T* left = a[run];
    const T* right = b[run];
    for (int64_t d = 0; d < depth; d++, left += kTileRows, right += kTileColumns<T>) {
      const Vector right0 = *reinterpret_cast<const VectorInMemory*>(right);
      const Vector right1 = *reinterpret_cast<const VectorInMemory*>(right + kVectorSize<T>);
#pragma GCC unroll 8
      for (int i = 0; i < kTileRows; i++) {
        sums[i][0] += left[i] * right0;
        sums[i][1] += left[i] * right1;
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; i++) {
    auto* row = reinterpret_cast<VectorInMemory*>(c + i * kTileColumns<T>);
    row[0] += sums[i][0];
    row[1] += sums[i][1];
  }
}

template void multiply_add(float*, const float* const*, const float* const*, int64_t, int64_t);
template void multiply_add(double*, const double* const*, const double* const*, int64_t, int64_t);

}  // namespace gannet::GANNET_ISA
