#pragma once

#include "expressions/formula.h"

// The expressions of BEGAN's vanishing residuals, a x + (1 - a) elu(z + b), and of their gradients. One number a falls to 0 during
// training. z is the result of a convolution, b its bias per channel, and dy the gradient of the result. Operands stand in the order of
// their declaration.
namespace gannet::kernels::residuals {

/** gradient elu'(biased), where elu'(z) is 1 for z > 0 and exp(z) elsewhere. */
constexpr formula::Value elu_gradient(formula::Builder& f, formula::Value biased, formula::Value gradient) {
  const auto zero = f.constant();
  const auto negative_part = minimum(biased, zero);
  return select(biased, gradient, gradient * exp(negative_part));
}

/** a x + (1 - a) elu(z + b) */
inline constexpr Formula kBlend = [] {
  formula::Builder f;
  const auto a = f.scalar(), x = f.full(), z = f.full(), b = f.channel();
  const auto kept = a * x;
  const auto one = f.constant();
  const auto rest = one - a;
  return f.results(kept + rest * elu(z + b));
}();

/** (1 - a) dy elu'(z + b): the gradient of z. */
inline constexpr Formula kBlendGradient = [] {
  formula::Builder f;
  const auto z = f.full(), b = f.channel(), dy = f.full(), a = f.scalar();
  const auto biased = z + b;
  const auto one = f.constant();
  const auto gradient = dy * (one - a);
  return f.results(elu_gradient(f, biased, gradient));
}();

/** (1 - a) (d + a dy), where d is the gradient that comes from a later layer. */
inline constexpr Formula kCarriedGradient = [] {
  formula::Builder f;
  const auto d = f.full(), dy = f.full(), a = f.scalar();
  const auto sum = d + dy * a;
  const auto one = f.constant();
  return f.results(sum * (one - a));
}();

/** (d + a dy) elu'(z + b) */
inline constexpr Formula kCarriedEluGradient = [] {
  formula::Builder f;
  const auto z = f.full(), b = f.channel(), d = f.full(), dy = f.full(), a = f.scalar();
  const auto biased = z + b;
  const auto sum = d + dy * a;
  return f.results(elu_gradient(f, biased, sum));
}();
/** (d + a (e + a dy)) elu'(z + b): gradients d and e come from two later layers. */
inline constexpr Formula kTwiceCarriedEluGradient = [] {
  formula::Builder f;
  const auto z = f.full(), b = f.channel(), d = f.full(), e = f.full(), dy = f.full(), a = f.scalar();
  const auto biased = z + b;
  const auto inner = e + dy * a;
  const auto sum = d + inner * a;
  return f.results(elu_gradient(f, biased, sum));
}();

}  // namespace gannet::kernels::residuals
