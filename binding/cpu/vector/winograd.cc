#include "winograd.h"

#include "tile.h"

// F(4x4, 3x3) and F(4x4, 2x2) as polynomials that are multiplied at the points a, -a, b, -b and infinity, and at 0 too for three taps. The
// squares of a = sqrt(1/2) and b = sqrt(2) have the product 1, which keeps the numbers near each other and the error at a fifth of that of the
// points 1 and 2.
namespace gannet::GANNET_ISA {

namespace {

constexpr float kA = 0.70710678118654752f, kB = 1.41421356237309505f;

/** Pixels of a result along an axis. */
constexpr int kResults = 4;

/** Points along an axis; the point 0, if it is one, is the first, and infinity the last. */
constexpr int points(int taps) { return kResults + taps - 1; }
constexpr int points_at_zero(int taps) { return taps - 2; }

/** B^T: pixels of an image at the points. */
template <int kTaps>
struct Image {
  static constexpr int kFrom = points(kTaps), kTo = points(kTaps);

  template <typename N>
  static inline void apply(N* y, const N* x) {
    if constexpr (kTaps == 3) *y++ = x[0] + x[4] - 2.5f * x[2];
    x += points_at_zero(kTaps);
    const N even_a = x[3] - 2.0f * x[1], odd_a = kA * (x[2] - 2.0f * x[0]);
    const N even_b = x[3] - 0.5f * x[1], odd_b = kB * (x[2] - 0.5f * x[0]);
    y[0] = even_a + odd_a;
    y[1] = even_a - odd_a;
    y[2] = even_b + odd_b;
    y[3] = even_b - odd_b;
    y[4] = x[0] + x[4] - 2.5f * x[2];
  }
};

/** G: taps of a filter at the points, over the derivative there of the polynomial that is 0 at them all. */
template <int kTaps>
struct Filter;

template <>
struct Filter<3> {
  static constexpr int kFrom = 3, kTo = points(3);

  template <typename N>
  static inline void apply(N* y, const N* x) {
    const N even_a = (-2.0f / 3.0f) * x[0] + (-1.0f / 3.0f) * x[2], odd_a = (kA * -2.0f / 3.0f) * x[1];
    const N even_b = (1.0f / 6.0f) * x[0] + (1.0f / 3.0f) * x[2], odd_b = (kB / 6.0f) * x[1];
    y[0] = x[0];
    y[1] = even_a + odd_a;
    y[2] = even_a - odd_a;
    y[3] = even_b + odd_b;
    y[4] = even_b - odd_b;
    y[5] = x[2];
  }
};

template <>
struct Filter<2> {
  static constexpr int kFrom = 2, kTo = points(2);

  template <typename N>
  static inline void apply(N* y, const N* x) {
    const N third = (1.0f / 3.0f) * x[1], odd_a = (kB / 3.0f) * x[0], odd_b = (kA / 3.0f) * x[0];
    y[0] = -third - odd_a;
    y[1] = odd_a - third;
    y[2] = third + odd_b;
    y[3] = third - odd_b;
    y[4] = x[1];
  }
};

/** A^T: pixels of the result from the products at the points. */
template <int kTaps>
struct Result {
  static constexpr int kFrom = points(kTaps), kTo = kResults;

  template <typename N>
  static inline void apply(N* y, const N* points) {
    const N* x = points + points_at_zero(kTaps);
    const N sum_a = x[0] + x[1], difference_a = kA * (x[0] - x[1]);
    const N sum_b = x[2] + x[3], difference_b = kB * (x[2] - x[3]);
    y[0] = sum_a + sum_b;
    if constexpr (kTaps == 3) y[0] = points[0] + y[0];
    y[1] = difference_a + difference_b;
    y[2] = 0.5f * sum_a + 2.0f * sum_b;
    y[3] = 0.5f * difference_a + 2.0f * difference_b + x[4];
  }
};

/** A: the transpose of Result. */
template <int kTaps>
struct ResultGradient {
  static constexpr int kFrom = kResults, kTo = points(kTaps);

  template <typename N>
  static inline void apply(N* y, const N* x) {
    const N even_a = x[0] + 0.5f * x[2], odd_a = kA * (x[1] + 0.5f * x[3]);
    const N even_b = x[0] + 2.0f * x[2], odd_b = kB * (x[1] + 2.0f * x[3]);
    if constexpr (kTaps == 3) *y++ = x[0];
    y[0] = even_a + odd_a;
    y[1] = even_a - odd_a;
    y[2] = even_b + odd_b;
    y[3] = even_b - odd_b;
    y[4] = x[3];
  }
};

/** G^T: the transpose of Filter. */
template <int kTaps>
struct FilterGradient;

template <>
struct FilterGradient<3> {
  static constexpr int kFrom = points(3), kTo = 3;

  template <typename N>
  static inline void apply(N* y, const N* x) {
    const N sum_a = x[1] + x[2], sum_b = x[3] + x[4];
    y[0] = x[0] + (-2.0f / 3.0f) * sum_a + (1.0f / 6.0f) * sum_b;
    y[1] = (kA * -2.0f / 3.0f) * (x[1] - x[2]) + (kB / 6.0f) * (x[3] - x[4]);
    y[2] = x[5] + (-1.0f / 3.0f) * sum_a + (1.0f / 3.0f) * sum_b;
  }
};

template <>
struct FilterGradient<2> {
  static constexpr int kFrom = points(2), kTo = 2;

  template <typename N>
  static inline void apply(N* y, const N* x) {
    y[0] = (kB / 3.0f) * (x[1] - x[0]) + (kA / 3.0f) * (x[2] - x[3]);
    y[1] = x[4] + (1.0f / 3.0f) * ((x[2] + x[3]) - (x[0] + x[1]));
  }
};

/** The transform along both axes of a square, for the channels from `from` on that fill an N, to `to`; without the last row or column of
 *  what it is transformed to where those are not wanted. */
template <typename Transform, bool kLastRow, bool kLastColumn, typename N, typename NInMemory>
inline void transform_square(float* const* y, const float* const* x, int64_t to, int64_t from) {
  constexpr int kFrom = Transform::kFrom, kTo = Transform::kTo, kRows = kLastRow ? kTo : kTo - 1, kColumns = kLastColumn ? kTo : kTo - 1;
  N half[kRows][kFrom];
#pragma GCC unroll 6
  for (int column = 0; column < kFrom; column++) {
    N read[kFrom], transformed[kTo];
#pragma GCC unroll 6
    for (int row = 0; row < kFrom; row++) read[row] = *reinterpret_cast<const NInMemory*>(x[row * kFrom + column] + from);
    Transform::apply(transformed, read);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; row++) half[row][column] = transformed[row];
  }
#pragma GCC unroll 6
  for (int row = 0; row < kRows; row++) {
    N transformed[kTo];
    Transform::apply(transformed, half[row]);
#pragma GCC unroll 6
    for (int column = 0; column < kColumns; column++) *reinterpret_cast<NInMemory*>(y[row * kTo + column] + to) = transformed[column];
  }
}

template <typename Transform, bool kLastRow = true, bool kLastColumn = true>
void transform(float* const* y, const float* const* x, int64_t n, int64_t y_strip) {
  using Vector = Vectors<float>::Vector;
  using VectorInMemory = Vectors<float>::VectorInMemory;
  constexpr int kWidth = kVectorSize<float>, kStrip = kTileColumns<float>;
  const auto to = [&](int64_t at) { return at / kStrip * y_strip + at % kStrip; };
  int64_t at = 0;
  for (; at + kWidth <= n; at += kWidth) transform_square<Transform, kLastRow, kLastColumn, Vector, VectorInMemory>(y, x, to(at), at);
  for (; at < n; at++) transform_square<Transform, kLastRow, kLastColumn, float, float>(y, x, to(at), at);
}

template <typename Transform>
constexpr WinogradTransforms::ByInfinity by_infinity() {
  return {{{transform<Transform, false, false>, transform<Transform, false, true>},
           {transform<Transform, true, false>, transform<Transform, true, true>}}};
}

template <int kTaps>
constexpr WinogradTransforms kTransforms = {.image = by_infinity<Image<kTaps>>(),
                                            .filter = by_infinity<Filter<kTaps>>(),
                                            .result = transform<Result<kTaps>>,
                                            .result_gradient = transform<ResultGradient<kTaps>>,
                                            .filter_gradient = transform<FilterGradient<kTaps>>};

}  // namespace

const WinogradTransforms kWinograd2x2 = kTransforms<2>, kWinograd3x3 = kTransforms<3>;

}  // namespace gannet::GANNET_ISA
