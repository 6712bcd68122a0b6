#pragma once

#include "kernels.h"

// Chains of sums, differences and products as loops, one for every combination. Aliases are exact, so no iteration depends on another.
namespace gannet::GANNET_ISA {

namespace {

template <Arithmetic kLink>
inline float linked(float value, float other) {
  switch (kLink) {
    case Arithmetic::kAdd: return value + other;
    case Arithmetic::kSub: return value - other;
    case Arithmetic::kMul: return value * other;
    case Arithmetic::kSubFrom: return other - value;
    default: return value;
  }
}

template <Arithmetic kFirst, Arithmetic kSecond, Arithmetic kThird>
void run_chain(float* y, const float* a, const float* b, const float* c, [[maybe_unused]] const float* d, int64_t n) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; i++) {
    const float value = linked<kSecond>(linked<kFirst>(a[i], b[i]), c[i]);
    if constexpr (kThird == Arithmetic::kNone) {
      y[i] = value;
    } else {
      y[i] = linked<kThird>(value, d[i]);
    }
  }
}

}  // namespace

// An initialiser rather than a function that fills a table: nothing compiled for an instruction set may run before it is chosen.
#define GANNET_THIRD(first, second)                                             \
  {                                                                             \
    run_chain<Arithmetic::first, Arithmetic::second, Arithmetic::kAdd>,         \
        run_chain<Arithmetic::first, Arithmetic::second, Arithmetic::kSub>,     \
        run_chain<Arithmetic::first, Arithmetic::second, Arithmetic::kMul>,     \
        run_chain<Arithmetic::first, Arithmetic::second, Arithmetic::kSubFrom>, \
        run_chain<Arithmetic::first, Arithmetic::second, Arithmetic::kNone>     \
  }
#define GANNET_SECOND(first) \
  { GANNET_THIRD(first, kAdd), GANNET_THIRD(first, kSub), GANNET_THIRD(first, kMul), GANNET_THIRD(first, kSubFrom) }
#define GANNET_CHAINS \
  { GANNET_SECOND(kAdd), GANNET_SECOND(kSub), GANNET_SECOND(kMul) }

}  // namespace gannet::GANNET_ISA
