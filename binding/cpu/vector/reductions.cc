#include "reductions.h"

#include "tile.h"

namespace gannet::GANNET_ISA {

namespace {

using Vector = Vectors<float>::Vector;
using VectorInMemory = Vectors<float>::VectorInMemory;

constexpr int64_t kWidth = kVectorSize<float>;

/** Partial results side by side. How many there are does not depend on the instruction set, so that the result does not either. */
template <int kCount>
class Partials {
 public:
  explicit Partials(float start) {
#pragma GCC unroll 16
    for (int i = 0; i < kVectors; i++) value_[i] = start - Vector{};
  }

  /** Combines each with one of kCount numbers. */
  template <typename Combine>
  void add(const float* x, Combine combine) {
#pragma GCC unroll 16
    for (int i = 0; i < kVectors; i++) value_[i] = combine(value_[i], *reinterpret_cast<const VectorInMemory*>(x + i * kWidth));
  }

  /** Combines the halves with each other until one number is left. */
  template <typename Combine>
  float fold(Combine combine) {
#pragma GCC unroll 4
    for (int half = kVectors / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
      for (int i = 0; i < half; i++) value_[i] = combine(value_[i], value_[i + half]);
    }
    float last[kWidth];
    *reinterpret_cast<VectorInMemory*>(last) = value_[0];
#pragma GCC unroll 4
    for (int64_t half = kWidth / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
      for (int64_t i = 0; i < half; i++) last[i] = combine(last[i], last[i + half]);
    }
    return last[0];
  }

 private:
  static constexpr int kVectors = kCount / static_cast<int>(kWidth);

  Vector value_[kVectors];
};

/** Calls take(numbers) for kCount numbers after another of n; the last ones are filled up with `neutral`. */
template <int kCount, typename Take>
inline void take_numbers(const float* x, int64_t n, float neutral, Take take) {
  int64_t i = 0;
  for (; i + kCount <= n; i += kCount) take(x + i);
  if (i == n) return;
  float rest[kCount];
  for (int j = 0; j < kCount; j++) rest[j] = i + j < n ? x[i + j] : neutral;
  take(rest);
}

constexpr int kPartials = 64;

constexpr auto plus = [](auto a, auto b) { return a + b; };
// Only NaN differs from itself, and comes through.
constexpr auto larger = [](auto a, auto b) { return (a != a) | (a > b) ? a : b; };  // NOLINT(misc-redundant-expression)

template <typename Combine>
inline float reduce(const float* x, int64_t n, float neutral, Combine combine) {
  Partials<kPartials> partials(neutral);
  take_numbers<kPartials>(x, n, neutral, [&](const float* numbers) { partials.add(numbers, combine); });
  return partials.fold(combine);
}

}  // namespace

float sum(const float* x, int64_t n) { return reduce(x, n, 0.0f, plus); }

float max(const float* x, int64_t n) { return reduce(x, n, -__builtin_inff(), larger); }

Deviations deviations(const float* x, float from, int64_t n) {
  // Half as many of each, so that both stay in registers.
  constexpr int kEach = kPartials / 2;
  Partials<kEach> sums(0.0f), squares(0.0f);
  const Vector origin = from - Vector{};
  take_numbers<kEach>(x, n, from, [&](const float* numbers) {
    sums.add(numbers, [&](Vector sum, Vector value) { return sum + (value - origin); });
    squares.add(numbers, [&](Vector sum, Vector value) { return sum + (value - origin) * (value - origin); });
  });
  return {sums.fold(plus), squares.fold(plus)};
}

}  // namespace gannet::GANNET_ISA
