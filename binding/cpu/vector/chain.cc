#include "chain.h"

#include "tile.h"

namespace gannet::GANNET_ISA {

namespace {

using Vector = Vectors<float>::Vector;
using VectorInMemory = Vectors<float>::VectorInMemory;

/** Numbers that stay in registers from link to link: half of the fewest vector registers, so that choosing what a link does costs little. */
constexpr int kVectors = 8;
constexpr int64_t kWidth = kVectorSize<float>, kTogether = kVectors * kWidth;

/** kTogether numbers, from element `at` on. */
struct Together {
  Vector value[kVectors];
  int64_t at;

  template <typename Function>
  inline void apply(Function function) {
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; i++) value[i] = function(value[i]);
  }

  template <typename Function>
  inline void combine(const Link& link, Function function) {
    if (link.single) {
      const Vector argument = *link.argument - Vector{};
      apply([&](Vector v) { return function(v, argument); });
      return;
    }
    const float* argument = link.argument + at;
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; i++) value[i] = function(value[i], *reinterpret_cast<const VectorInMemory*>(argument + i * kWidth));
  }
};

/** The last numbers, from element `at` on, fewer than kTogether. */
struct Rest {
  float value[kTogether];
  int64_t at, size;

  template <typename Function>
  inline void apply(Function function) {
    for (int64_t i = 0; i < size; i++) value[i] = function(value[i]);
  }

  template <typename Function>
  inline void combine(const Link& link, Function function) {
    const int64_t step = link.single ? 0 : 1;
    const float* argument = link.argument + at * step;
    for (int64_t i = 0; i < size; i++) value[i] = function(value[i], argument[i * step]);
  }
};

template <typename Numbers>
inline void follow(Numbers& numbers, const Link* links, size_t count) {
  for (const Link* link = links; link < links + count; link++) {
    switch (link->kind) {
      case LinkKind::kAdd: numbers.combine(*link, [](auto v, auto a) { return v + a; }); break;
      case LinkKind::kSub: numbers.combine(*link, [](auto v, auto a) { return v - a; }); break;
      case LinkKind::kMul: numbers.combine(*link, [](auto v, auto a) { return v * a; }); break;
      case LinkKind::kSubFrom: numbers.combine(*link, [](auto v, auto a) { return a - v; }); break;
      // Comparisons are turned so that NaN comes through.
      case LinkKind::kRelu: numbers.apply([](auto v) { return v < decltype(v){} ? decltype(v){} : v; }); break;
      case LinkKind::kLeakyRelu: numbers.combine(*link, [](auto v, auto slope) { return v > decltype(v){} ? v : slope * v; }); break;
    }
  }
}

}  // namespace

void run_chain(float* y, const float* x, const Link* links, size_t count, int64_t n) {
  int64_t at = 0;
  for (; at + kTogether <= n; at += kTogether) {
    Together numbers;
    numbers.at = at;
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; i++) numbers.value[i] = *reinterpret_cast<const VectorInMemory*>(x + at + i * kWidth);
    follow(numbers, links, count);
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; i++) *reinterpret_cast<VectorInMemory*>(y + at + i * kWidth) = numbers.value[i];
  }
  if (at == n) return;
  Rest rest;
  rest.at = at;
  rest.size = n - at;
  for (int64_t i = 0; i < rest.size; i++) rest.value[i] = x[at + i];
  follow(rest, links, count);
  for (int64_t i = 0; i < rest.size; i++) y[at + i] = rest.value[i];
}

}  // namespace gannet::GANNET_ISA
