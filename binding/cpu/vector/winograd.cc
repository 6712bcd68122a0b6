#include "winograd.h"

#include "tile.h"

// F(4x4, 3x3) as polynomials that are multiplied at the points 0, a, -a, b, -b and infinity, with a = sqrt(1/2) and b = sqrt(2): their
// squares' product is 1, which keeps the numbers near each other and the error at a fifth of that of the points 1 and 2.
namespace gannet::GANNET_ISA {

namespace {

constexpr float kA = 0.70710678118654752f, kB = 1.41421356237309505f;

/** B^T: 6 pixels of an image at the 6 points. */
struct Image {
  static constexpr int kFrom = 6, kTo = 6;

  template <typename N>
  static inline void apply(N* y, const N* x) {
    const N even_a = x[4] - 2.0f * x[2], odd_a = kA * (x[3] - 2.0f * x[1]);
    const N even_b = x[4] - 0.5f * x[2], odd_b = kB * (x[3] - 0.5f * x[1]);
    y[0] = x[0] + x[4] - 2.5f * x[2];
    y[1] = even_a + odd_a;
    y[2] = even_a - odd_a;
    y[3] = even_b + odd_b;
    y[4] = even_b - odd_b;
    y[5] = x[1] + x[5] - 2.5f * x[3];
  }
};

/** G: 3 taps of a filter at the 6 points, over the derivative there of the polynomial that is 0 at them all. */
struct Filter {
  static constexpr int kFrom = 3, kTo = 6;

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

/** A^T: 4 pixels of the result from the products at the 6 points. */
struct Result {
  static constexpr int kFrom = 6, kTo = 4;

  template <typename N>
  static inline void apply(N* y, const N* x) {
    const N sum_a = x[1] + x[2], difference_a = kA * (x[1] - x[2]);
    const N sum_b = x[3] + x[4], difference_b = kB * (x[3] - x[4]);
    y[0] = x[0] + sum_a + sum_b;
    y[1] = difference_a + difference_b;
    y[2] = 0.5f * sum_a + 2.0f * sum_b;
    y[3] = 0.5f * difference_a + 2.0f * difference_b + x[5];
  }
};

/** A: the transpose of Result. */
struct ResultGradient {
  static constexpr int kFrom = 4, kTo = 6;

  template <typename N>
  static inline void apply(N* y, const N* x) {
    const N even_a = x[0] + 0.5f * x[2], odd_a = kA * (x[1] + 0.5f * x[3]);
    const N even_b = x[0] + 2.0f * x[2], odd_b = kB * (x[1] + 2.0f * x[3]);
    y[0] = x[0];
    y[1] = even_a + odd_a;
    y[2] = even_a - odd_a;
    y[3] = even_b + odd_b;
    y[4] = even_b - odd_b;
    y[5] = x[3];
  }
};

/** G^T: the transpose of Filter. */
struct FilterGradient {
  static constexpr int kFrom = 6, kTo = 3;

  template <typename N>
  static inline void apply(N* y, const N* x) {
    const N sum_a = x[1] + x[2], sum_b = x[3] + x[4];
    y[0] = x[0] + (-2.0f / 3.0f) * sum_a + (1.0f / 6.0f) * sum_b;
    y[1] = (kA * -2.0f / 3.0f) * (x[1] - x[2]) + (kB / 6.0f) * (x[3] - x[4]);
    y[2] = x[5] + (-1.0f / 3.0f) * sum_a + (1.0f / 3.0f) * sum_b;
  }
};

/** The transform along both axes of a square, for the channels from `at` on that fill an N. */
template <typename Transform, typename N, typename NInMemory>
inline void transform_square(float* const* y, const float* const* x, int64_t at) {
  constexpr int kFrom = Transform::kFrom, kTo = Transform::kTo;
  N half[kTo][kFrom];
#pragma GCC unroll 6
  for (int column = 0; column < kFrom; column++) {
    N from[kFrom], to[kTo];
#pragma GCC unroll 6
    for (int row = 0; row < kFrom; row++) from[row] = *reinterpret_cast<const NInMemory*>(x[row * kFrom + column] + at);
    Transform::apply(to, from);
#pragma GCC unroll 6
    for (int row = 0; row < kTo; row++) half[row][column] = to[row];
  }
#pragma GCC unroll 6
  for (int row = 0; row < kTo; row++) {
    N to[kTo];
    Transform::apply(to, half[row]);
#pragma GCC unroll 6
    for (int column = 0; column < kTo; column++) *reinterpret_cast<NInMemory*>(y[row * kTo + column] + at) = to[column];
  }
}

template <typename Transform>
void transform(float* const* y, const float* const* x, int64_t n) {
  constexpr int kWidth = kVectorSize<float>;
  int64_t at = 0;
  for (; at + kWidth <= n; at += kWidth) transform_square<Transform, Vectors<float>::Vector, Vectors<float>::VectorInMemory>(y, x, at);
  for (; at < n; at++) transform_square<Transform, float, float>(y, x, at);
}

}  // namespace

void winograd_image(float* const* y, const float* const* x, int64_t n) { transform<Image>(y, x, n); }
void winograd_filter(float* const* y, const float* const* x, int64_t n) { transform<Filter>(y, x, n); }
void winograd_result(float* const* y, const float* const* x, int64_t n) { transform<Result>(y, x, n); }
void winograd_result_gradient(float* const* y, const float* const* x, int64_t n) { transform<ResultGradient>(y, x, n); }
void winograd_filter_gradient(float* const* y, const float* const* x, int64_t n) { transform<FilterGradient>(y, x, n); }

}  // namespace gannet::GANNET_ISA
