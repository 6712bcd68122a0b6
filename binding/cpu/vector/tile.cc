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

/** Rows whose sums fill three quarters of the fewest vector registers that a processor has. More rows are taken in parts as even as can be: a
 *  part of a few would wait for its own sums. */
constexpr int kMostRows = 6;
/** Numbers of a line of the cache. */
constexpr int64_t kLine = 16;

/** Lines of the next strip of b that are fetched while a line of each row of a is read. */
constexpr int64_t kLinesAhead = kVectorBytes < 64 ? 1 : 2;

/** kRows of the rows of a times a strip of b. */
struct RowsProduct {
  float* c;
  int64_t c_row;
  const float* a;
  int64_t a_row, a_depth;
  const float* b;
  int64_t depth;
  bool add;
  /** A part of what is read as the next strip of b. */
  const float* next_b;
};

/** @tparam kDense whether a_depth is 1. Then the next rows of a, which follow at once, are fetched meanwhile. */
template <int kRows, bool kDense>
void multiply_rows(const RowsProduct& product) {
  using Vector = Vectors<float>::Vector;
  using VectorInMemory = Vectors<float>::VectorInMemory;
  Vector sums[kRows][2];
#pragma GCC unroll 6
  for (int i = 0; i < kRows; i++) {
    const auto* c = reinterpret_cast<const VectorInMemory*>(product.c + i * product.c_row);
    sums[i][0] = product.add ? c[0] : Vector{};
    sums[i][1] = product.add ? c[1] : Vector{};
  }
  const int64_t a_depth = kDense ? 1 : product.a_depth;
  const float* a[kRows];
#pragma GCC unroll 6
  for (int i = 0; i < kRows; i++) a[i] = product.a + i * product.a_row;
  const float* b = product.b;
  for (int64_t first = 0, at = 0; first < product.depth; first += kLine) {
#pragma GCC unroll 6
    for (int i = 0; kDense && i < kRows; i++) __builtin_prefetch(a[i] + kRows * product.a_row + at);
#pragma GCC unroll 2
    for (int64_t line = 0; line < kLinesAhead; line++) __builtin_prefetch(product.next_b + kLinesAhead * first + line * kLine, 0, 2);
    const int64_t end = first + kLine < product.depth ? first + kLine : product.depth;
    for (int64_t d = first; d < end; d++, at += a_depth, b += kTileColumns<float>) {
      const Vector right0 = *reinterpret_cast<const VectorInMemory*>(b);
      const Vector right1 = *reinterpret_cast<const VectorInMemory*>(b + kVectorSize<float>);
#pragma GCC unroll 6
      for (int i = 0; i < kRows; i++) {
        sums[i][0] += a[i][at] * right0;
        sums[i][1] += a[i][at] * right1;
      }
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < kRows; i++) {
    auto* c = reinterpret_cast<VectorInMemory*>(product.c + i * product.c_row);
    c[0] = sums[i][0];
    c[1] = sums[i][1];
  }
}

template <bool kDense>
void multiply_rows(const RowsProduct& product, int64_t rows) {
  switch (rows) {
    case 6: return multiply_rows<6, kDense>(product);
    case 5: return multiply_rows<5, kDense>(product);
    case 4: return multiply_rows<4, kDense>(product);
    case 3: return multiply_rows<3, kDense>(product);
    case 2: return multiply_rows<2, kDense>(product);
    default: return multiply_rows<1, kDense>(product);
  }
}

template <bool kDense>
void multiply(const StripsProduct& product) {
  for (int64_t strip = 0; strip < product.strips; strip++) {
    const float* b = product.b + strip * product.b_strip;
    const float* next_b = strip + 1 < product.strips ? b + product.b_strip : b;
    RowsProduct rows{.c = product.c + strip * kTileColumns<float>,
                     .c_row = product.c_row,
                     .a = product.a,
                     .a_row = product.a_row,
                     .a_depth = product.a_depth,
                     .b = b,
                     .depth = product.depth,
                     .add = product.add,
                     .next_b = next_b};
    for (int64_t left = product.rows, parts = (left + kMostRows - 1) / kMostRows; left > 0; parts--) {
      const int64_t count = (left + parts - 1) / parts;
      multiply_rows<kDense>(rows, count);
      left -= count;
      rows.c += count * product.c_row;
      rows.a += count * product.a_row;
      rows.next_b += kLinesAhead * product.depth;
      if (rows.next_b - next_b >= kTileColumns<float> * product.depth) rows.next_b = b;
    }
  }
}

}  // namespace

void multiply_strips(const StripsProduct& product) { product.a_depth == 1 ? multiply<true>(product) : multiply<false>(product); }

}  // namespace gannet::GANNET_ISA
