#pragma once

#include "common/basics.h"
#include "kernels.h"

// The scalar functions of src/tensor/operators.ts on one and on four elements.
namespace gannet::kernels {

/** Arguments that a function does not have are ignored. Comparisons are written so that NaN stays NaN: a training that has diverged must
 *  show it. */
template <Function kFunction>
__device__ __forceinline__ float apply(float a, float b, float c, float value) {
  if constexpr (kFunction == Function::kNeg) return -a;
  if constexpr (kFunction == Function::kAbs) return fabsf(a);
  if constexpr (kFunction == Function::kSign) return a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : a;
  if constexpr (kFunction == Function::kStep) return a > 0.0f ? 1.0f : 0.0f;
  if constexpr (kFunction == Function::kExp) return expf(a);
  if constexpr (kFunction == Function::kLog) return logf(a);
  if constexpr (kFunction == Function::kSqrt) return sqrtf(a);
  if constexpr (kFunction == Function::kReciprocal) return 1.0f / a;
  if constexpr (kFunction == Function::kTanh) return tanhf(a);
  if constexpr (kFunction == Function::kSigmoid) {
    const float e = expf(-fabsf(a));
    return (a < 0.0f ? e : 1.0f) / (1.0f + e);
  }
  if constexpr (kFunction == Function::kSoftplus) return (a < 0.0f ? 0.0f : a) + log1pf(expf(-fabsf(a)));
  if constexpr (kFunction == Function::kRelu) return a < 0.0f ? 0.0f : a;
  if constexpr (kFunction == Function::kLeakyRelu) return a > 0.0f ? a : value * a;
  if constexpr (kFunction == Function::kElu) return a > 0.0f ? a : value * expm1f(a);
  if constexpr (kFunction == Function::kAdd) return a + b;
  if constexpr (kFunction == Function::kSub) return a - b;
  if constexpr (kFunction == Function::kMul) return a * b;
  if constexpr (kFunction == Function::kDiv) return a / b;
  if constexpr (kFunction == Function::kMaximum) return a != a || a > b ? a : b;
  if constexpr (kFunction == Function::kMinimum) return a != a || a < b ? a : b;
  if constexpr (kFunction == Function::kGreater) return a > b ? 1.0f : 0.0f;
  if constexpr (kFunction == Function::kEqual) return a == b ? 1.0f : 0.0f;
  if constexpr (kFunction == Function::kSelect) return a > 0.0f ? b : c;
  return value;
}

template <Function kFunction>
__device__ __forceinline__ float4 apply(float4 a, float4 b, float4 c, float value) {
  return make_float4(apply<kFunction>(a.x, b.x, c.x, value), apply<kFunction>(a.y, b.y, c.y, value), apply<kFunction>(a.z, b.z, c.z, value),
                     apply<kFunction>(a.w, b.w, c.w, value));
}

/** The same for a function known only while running. */
__device__ inline float4 apply(Function function, float4 a, float4 b, float4 c, float value) {
  switch (function) {
#define GANNET_CASE(enumerator, name, text, arity, immediate) \
  case Function::enumerator: return apply<Function::enumerator>(a, b, c, value);
    GANNET_EACH_FUNCTION(GANNET_CASE)
#undef GANNET_CASE
  }
  return apply<Function::kConstant>(a, b, c, value);
}

/** How many registers a function reads. It follows from the order of Function, since kernels have no table to look it up in. */
__host__ __device__ constexpr int arity(Function function) {
  return function == Function::kConstant ? 0 : function < Function::kAdd ? 1 : function < Function::kSelect ? 2 : 3;
}
#define GANNET_CHECK(enumerator, name, text, count, immediate) static_assert(arity(Function::enumerator) == count);
GANNET_EACH_FUNCTION(GANNET_CHECK)
#undef GANNET_CHECK

}  // namespace gannet::kernels
