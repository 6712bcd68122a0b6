#pragma once

#include <cstdint>

// Written by `npm run generate` from src/tensor/operators.ts: change that.
namespace gannet::kernels {

/** A scalar function, or kConstant, a number of its own. */
enum class Function : uint8_t {
  kNeg,
  kAbs,
  kSign,
  kStep,
  kExp,
  kLog,
  kSqrt,
  kReciprocal,
  kTanh,
  kSigmoid,
  kSoftplus,
  kRelu,
  kLeakyRelu,
  kElu,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMaximum,
  kMinimum,
  kGreater,
  kEqual,
  kSelect,
  kConstant
};
inline constexpr int kFunctionCount = 24;

/** X(enumerator, name, name in TypeScript, registers that it reads, whether it carries a number), in the order of Function. */
#define GANNET_EACH_FUNCTION(X)                      \
  X(kNeg, neg, "neg", 1, false)                      \
  X(kAbs, abs, "abs", 1, false)                      \
  X(kSign, sign, "sign", 1, false)                   \
  X(kStep, step, "step", 1, false)                   \
  X(kExp, exp, "exp", 1, false)                      \
  X(kLog, log, "log", 1, false)                      \
  X(kSqrt, sqrt, "sqrt", 1, false)                   \
  X(kReciprocal, reciprocal, "reciprocal", 1, false) \
  X(kTanh, tanh, "tanh", 1, false)                   \
  X(kSigmoid, sigmoid, "sigmoid", 1, false)          \
  X(kSoftplus, softplus, "softplus", 1, false)       \
  X(kRelu, relu, "relu", 1, false)                   \
  X(kLeakyRelu, leaky_relu, "leakyRelu", 1, true)    \
  X(kElu, elu, "elu", 1, true)                       \
  X(kAdd, add, "add", 2, false)                      \
  X(kSub, sub, "sub", 2, false)                      \
  X(kMul, mul, "mul", 2, false)                      \
  X(kDiv, div, "div", 2, false)                      \
  X(kMaximum, maximum, "maximum", 2, false)          \
  X(kMinimum, minimum, "minimum", 2, false)          \
  X(kGreater, greater, "greater", 2, false)          \
  X(kEqual, equal, "equal", 2, false)                \
  X(kSelect, select, "select", 3, false)             \
  X(kConstant, constant, "constant", 0, true)

/** How element i of `total` reads an operand of `size`: i, i mod size, i div (total / size), or 0. */
enum class Access : uint8_t { kFull, kChannel, kSample, kScalar };

/** What one kernel takes at most: tensors that an expression reads, its instructions, and sums of a reduction. */
inline constexpr int kMaxOperands = 12;
inline constexpr int kMaxInstructions = 32;
inline constexpr int kMaxSums = 3;

}  // namespace gannet::kernels
