#pragma once

#include "expressions/activation_formulas.h"

// The expressions of normalisation with an activation behind it, as the fusion pass writes them: what reductions take for the statistics,
// and what is computed per element from them.
//
//   x_hat = (x - mean) rstd          rstd is 1 / sqrt(variance + epsilon)
//   y     = act(gain x_hat + bias)   y also tells the activation's gradient
//   g     = dy act'(y)               in layer norms times the gain: the gradient of x_hat
//
// Operands stand in the order of their declaration.
namespace gannet::kernels::norms {

/** dy leakyRelu'(y) */
constexpr formula::Value leaky_relu_gradient(formula::Builder& f, formula::Value y, formula::Value dy) {
  const auto slope = f.constant();
  return select(y, dy, slope * dy);
}

// ------------------------------------------------------------------------------------------------ batch norm, per channel

/** act(gain x_hat + bias). With moments per sample it is a layer norm that has no bias before it. */
constexpr Formula normalize(Access moments, formula::Value (*activation)(formula::Value)) {
  formula::Builder f;
  const auto x = f.full(), mean = f.operand(moments), rstd = f.operand(moments), gain = f.channel(), bias = f.channel();
  return f.results(activation((x - mean) * rstd * gain + bias));
}
inline constexpr Formula kBatchNorm = normalize(Access::kChannel, formula::linear);
inline constexpr Formula kBatchNormRelu = normalize(Access::kChannel, formula::relu);
inline constexpr Formula kBatchNormLeakyRelu = normalize(Access::kChannel, formula::leaky_relu);
inline constexpr Formula kLayerNorm = normalize(Access::kSample, formula::linear);
inline constexpr Formula kLayerNormRelu = normalize(Access::kSample, formula::relu);
inline constexpr Formula kLayerNormLeakyRelu = normalize(Access::kSample, formula::leaky_relu);

/** g and g x_hat: their sums are the gradients of bias and gain. */
inline constexpr Formula kReluSums = [] {
  formula::Builder f;
  const auto dy = f.full(), y = f.full(), x = f.full(), mean = f.channel(), rstd = f.channel();
  const auto g = dy * step(y);
  const auto x_hat = (x - mean) * rstd;
  return f.results(g, g * x_hat);
}();
inline constexpr Formula kLeakyReluSums = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), x = f.full(), mean = f.channel(), rstd = f.channel();
  const auto g = leaky_relu_gradient(f, y, dy);
  const auto x_hat = (x - mean) * rstd;
  return f.results(g, g * x_hat);
}();

/** The gradient of x, (g - mean(g) - x_hat mean(g x_hat)) scale, where scale = gain rstd. */
inline constexpr Formula kReluInputGradient = [] {
  formula::Builder f;
  const auto dy = f.full(), y = f.full(), mean_g = f.channel(), x = f.full(), mean = f.channel(), rstd = f.channel(),
             mean_g_x_hat = f.channel(), scale = f.channel();
  const auto g = dy * step(y);
  const auto centred = g - mean_g;
  const auto x_hat = (x - mean) * rstd;
  return f.results((centred - x_hat * mean_g_x_hat) * scale);
}();
inline constexpr Formula kLeakyReluInputGradient = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), mean_g = f.channel(), x = f.full(), mean = f.channel(), rstd = f.channel(),
             mean_g_x_hat = f.channel(), scale = f.channel();
  const auto g = leaky_relu_gradient(f, y, dy);
  const auto centred = g - mean_g;
  const auto x_hat = (x - mean) * rstd;
  return f.results((centred - x_hat * mean_g_x_hat) * scale);
}();

// ------------------------------------------------------------ layer norm, per sample, of z = x + b with a bias b per channel

/** leakyRelu(gain z_hat + bias) */
inline constexpr Formula kBiasedNormLeakyRelu = [] {
  formula::Builder f;
  const auto x = f.full(), b = f.channel(), mean = f.sample(), rstd = f.sample(), gain = f.channel(), bias = f.channel();
  const auto z_hat = (x + b - mean) * rstd;
  return f.results(leaky_relu(z_hat * gain + bias));
}();

/** g and g z_hat, with the gain in g: their means per sample are what the gradient of z needs. */
inline constexpr Formula kBiasedSampleSums = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), gain = f.channel(), x = f.full(), b = f.channel(), mean = f.sample(), rstd = f.sample();
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  const auto z_hat = (x + b - mean) * rstd;
  return f.results(g, g * z_hat);
}();
/** dy act'(y) and its product with z_hat: their sums per channel are the gradients of bias and gain. */
inline constexpr Formula kBiasedChannelSums = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), x = f.full(), b = f.channel(), mean = f.sample(), rstd = f.sample();
  const auto activation_gradient = leaky_relu_gradient(f, y, dy);
  const auto z_hat = (x + b - mean) * rstd;
  return f.results(activation_gradient, activation_gradient * z_hat);
}();

/** The gradient of z, (g - mean(g) - z_hat mean(g z_hat)) rstd. */
inline constexpr Formula kBiasedInputGradient = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), gain = f.channel(), mean_g = f.sample(), x = f.full(), b = f.channel(), mean = f.sample(),
             rstd = f.sample(), mean_g_z_hat = f.sample();
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  const auto centred = g - mean_g;
  const auto z_hat = (x + b - mean) * rstd;
  return f.results((centred - z_hat * mean_g_z_hat) * rstd);
}();
/** The same added to what the second derivative has computed of this gradient before. */
inline constexpr Formula kBiasedInputGradientSum = [] {
  formula::Builder f;
  const auto earlier = f.full(), y = f.full(), dy = f.full(), gain = f.channel(), mean_g = f.sample(), x = f.full(), b = f.channel(),
             mean = f.sample(), rstd = f.sample(), mean_g_z_hat = f.sample();
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  const auto centred = g - mean_g;
  const auto z_hat = (x + b - mean) * rstd;
  return f.results(earlier + (centred - z_hat * mean_g_z_hat) * rstd);
}();

// The second derivative of this layer norm. u is the gradient of dz = (g - mean(g) - z_hat mean(g z_hat)) rstd; see curvature() in
// src/ops/norm.ts.

/** u, u z_hat and u g: their means per sample are what the next two formulas need. */
inline constexpr Formula kBiasedCurvatureSums = [] {
  formula::Builder f;
  const auto u = f.full(), x = f.full(), b = f.channel(), mean = f.sample(), rstd = f.sample(), y = f.full(), dy = f.full(),
             gain = f.channel();
  const auto z_hat = (x + b - mean) * rstd;
  const auto u_z_hat = u * z_hat;
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  return f.results(u, u_z_hat, u * g);
}();
/** The gradient of g, (u - mean(u) - z_hat mean(u z_hat)) rstd. */
inline constexpr Formula kBiasedCentre = [] {
  formula::Builder f;
  const auto u = f.full(), mean_u = f.sample(), x = f.full(), b = f.channel(), mean = f.sample(), rstd = f.sample(),
             mean_u_z_hat = f.sample();
  const auto centred = u - mean_u;
  const auto z_hat = (x + b - mean) * rstd;
  return f.results((centred - z_hat * mean_u_z_hat) * rstd);
}();
/** The gradient of z: a weighted sum of u, g, z_hat and 1, whose weights are numbers of the sample. */
inline constexpr Formula kBiasedCurvature = [] {
  formula::Builder f;
  const auto weight_u = f.sample(), u = f.full(), weight_g = f.sample(), y = f.full(), dy = f.full(), gain = f.channel(),
             weight_z_hat = f.sample(), x = f.full(), b = f.channel(), mean = f.sample(), rstd = f.sample(), weight_1 = f.sample();
  const auto from_u = weight_u * u;
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  const auto from_u_and_g = from_u + weight_g * g;
  const auto z_hat = (x + b - mean) * rstd;
  return f.results(from_u_and_g + (weight_z_hat * z_hat + weight_1));
}();

/** dg gain act'(y): the gradient of dy, from that of g. */
inline constexpr Formula kGainedLeakyReluAdjoint = [] {
  formula::Builder f;
  const auto y = f.full(), dg = f.full(), gain = f.channel();
  const auto gained = dg * gain;
  return f.results(leaky_relu_adjoint(f, y, gained));
}();
/** dy act'(y) dg, whose sums per channel are the gradient of the gain. */
inline constexpr Formula kGainCurvature = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), dg = f.full();
  return f.results(leaky_relu_gradient(f, y, dy) * dg);
}();

}  // namespace gannet::kernels::norms
