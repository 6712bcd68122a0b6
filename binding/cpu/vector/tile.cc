#include "tile.h"

namespace gannet::GANNET_ISA {

namespace {

constexpr int kBytes = kVectorFloats * static_cast<int>(sizeof(float));
typedef float Vector __attribute__((vector_size(kBytes)));
/** A vector in memory, at any float. */
typedef float VectorInMemory __attribute__((vector_size(kBytes), aligned(sizeof(float)), may_alias));

}  // namespace

void multiply_add(float* c, const float* const* a, const float* const* b, int64_t count, int64_t depth) {
  Vector sums[kTileRows][2];
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; i++) sums[i][0] = sums[i][1] = Vector{};
  for (int64_t run = 0; run < count; run++) {
    const float* left = a[run];
    const float* right = b[run];
    for (int64_t d = 0; d < depth; d++, left += kTileRows, right += kTileColumns) {
      const Vector right0 = *reinterpret_cast<const VectorInMemory*>(right);
      const Vector right1 = *reinterpret_cast<const VectorInMemory*>(right + kVectorFloats);
#pragma GCC unroll 8
      for (int i = 0; i < kTileRows; i++) {
        sums[i][0] += left[i] * right0;
        sums[i][1] += left[i] * right1;
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; i++) {
    auto* row = reinterpret_cast<VectorInMemory*>(c + i * kTileColumns);
    row[0] += sums[i][0];
    row[1] += sums[i][1];
  }
}

}  // namespace gannet::GANNET_ISA
