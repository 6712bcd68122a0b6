#pragma once

#include "expressions/formula.h"

// The expressions around activations. They are compiled both into a kernel of their own (elementwise.cu) and into the epilogues of products
// (products/epilogue.cuh). Operands stand in the order of their declaration. y is the result of an activation, dy its gradient.
namespace gannet::kernels {

/** act(x + bias) */
constexpr Formula add_bias(formula::Value (*activation)(formula::Value)) {
  formula::Builder f;
  const auto x = f.full(), bias = f.channel();
  return f.results(activation(x + bias));
}
inline constexpr Formula kAddBias = add_bias(formula::linear);
inline constexpr Formula kBiasRelu = add_bias(formula::relu);
inline constexpr Formula kBiasLeakyRelu = add_bias(formula::leaky_relu);
inline constexpr Formula kBiasElu = add_bias(formula::elu);
inline constexpr Formula kBiasTanh = add_bias(formula::tanh);
inline constexpr Formula kBiasSigmoid = add_bias(formula::sigmoid);

/** act(x) */
constexpr Formula activate(formula::Value (*activation)(formula::Value)) {
  formula::Builder f;
  const auto x = f.full();
  return f.results(activation(x));
}
/** The same numbers. */
inline constexpr Formula kIdentity = activate(formula::linear);
inline constexpr Formula kRelu = activate(formula::relu);
inline constexpr Formula kLeakyRelu = activate(formula::leaky_relu);

/** dy relu'(x); y is positive where x is. */
inline constexpr Formula kReluGradient = [] {
  formula::Builder f;
  const auto dy = f.full(), y = f.full();
  return f.results(dy * step(y));
}();

/** dy leakyRelu'(x); y has the sign of x. */
inline constexpr Formula kLeakyReluGradient = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full();
  const auto slope = f.constant();
  return f.results(select(y, dy, slope * dy));
}();

/** dy tanh'(x) = dy (1 - y^2) */
inline constexpr Formula kTanhGradient = [] {
  formula::Builder f;
  const auto dy = f.full(), y = f.full();
  const auto one = f.constant();
  const auto derivative = one - y * y;
  return f.results(dy * derivative);
}();

/** dy elu'(x + bias), where elu'(z) is 1 for z > 0 and exp(z) elsewhere. */
inline constexpr Formula kBiasEluGradient = [] {
  formula::Builder f;
  const auto x = f.full(), bias = f.channel(), dy = f.full();
  const auto z = x + bias;
  const auto zero = f.constant();
  const auto negative_part = minimum(z, zero);
  return f.results(select(z, dy, dy * exp(negative_part)));
}();

/** ddy leakyRelu'(x): how the gradient above depends on dy. The gradient pass writes it as the sum of a part where y > 0 and one elsewhere.
 *  */
constexpr formula::Value leaky_relu_adjoint(formula::Builder& f, formula::Value y, formula::Value ddy) {
  const auto zero = f.constant();
  const auto positive = select(y, ddy, zero), other = select(y, zero, ddy);
  const auto slope = f.constant();
  return positive + other * slope;
}
inline constexpr Formula kLeakyReluAdjoint = [] {
  formula::Builder f;
  const auto y = f.full(), ddy = f.full();
  return f.results(leaky_relu_adjoint(f, y, ddy));
}();

inline constexpr Formula kAdd = [] {
  formula::Builder f;
  const auto a = f.full(), b = f.full();
  return f.results(a + b);
}();
inline constexpr Formula kMultiply = [] {
  formula::Builder f;
  const auto a = f.full(), b = f.full();
  return f.results(a * b);
}();
inline constexpr Formula kAddThree = [] {
  formula::Builder f;
  const auto a = f.full(), b = f.full(), c = f.full();
  return f.results(a + b + c);
}();

}  // namespace gannet::kernels
