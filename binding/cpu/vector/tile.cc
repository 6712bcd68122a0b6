#include "tile.h"

namespace gannet::GANNET_ISA {

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

namespace {

/** Rows of a strip whose sums fill three quarters of the fewest vector registers that a processor has. */
constexpr int kStripRows = 6;

/** The rows of `a` from `row` on. */
template <int kRows>
void multiply_rows(const StripProduct& product, int64_t row) {
  using Vector = Vectors<float>::Vector;
  using VectorInMemory = Vectors<float>::VectorInMemory;
  Vector sums[kRows][2];
#pragma GCC unroll 6
  for (int i = 0; i < kRows; i++) {
    const auto* c = reinterpret_cast<const VectorInMemory*>(product.c + (row + i) * product.c_row);
    sums[i][0] = product.add ? c[0] : Vector{};
    sums[i][1] = product.add ? c[1] : Vector{};
  }
  const float* a[kRows];
#pragma GCC unroll 6
  for (int i = 0; i < kRows; i++) a[i] = product.a + (row + i) * product.a_row;
  const float* b = product.b;
  for (int64_t d = 0, at = 0; d < product.depth; d++, at += product.a_depth, b += product.b_row) {
    const Vector right0 = *reinterpret_cast<const VectorInMemory*>(b);
    const Vector right1 = *reinterpret_cast<const VectorInMemory*>(b + kVectorSize<float>);
#pragma GCC unroll 6
    for (int i = 0; i < kRows; i++) {
      sums[i][0] += a[i][at] * right0;
      sums[i][1] += a[i][at] * right1;
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < kRows; i++) {
    auto* c = reinterpret_cast<VectorInMemory*>(product.c + (row + i) * product.c_row);
    c[0] = sums[i][0];
    c[1] = sums[i][1];
  }
}

}  // namespace

void multiply_strip(const StripProduct& product) {
  int64_t row = 0;
  for (; row + kStripRows <= product.rows; row += kStripRows) multiply_rows<kStripRows>(product, row);
  switch (product.rows - row) {
    case 5: return multiply_rows<5>(product, row);
    case 4: return multiply_rows<4>(product, row);
    case 3: return multiply_rows<3>(product, row);
    case 2: return multiply_rows<2>(product, row);
    case 1: return multiply_rows<1>(product, row);
    default: return;
  }
}

}  // namespace gannet::GANNET_ISA
