#pragma once

#include "expressions/activation_formulas.h"

// The expressions of normalisation with an activation behind it, as the fusion pass writes them: what reductions take for the statistics,
// and what is computed per element from them.
//
//   x_hat = (x - mean) rstd          rstd is 1 / sqrt(variance + epsilon)
//   y     = act(gain x_hat + bias)   y also tells the activation's gradient
//   g     = dy act'(y)               in layer norms times the gain: the gradient of x_hat
//
// A factor that is constant over what a sum or a mean is of, such as rstd, is multiplied with the result.
//
// Operands stand in the order of their declaration.
namespace gannet::kernels::norms {

/** dy leakyRelu'(y) */
constexpr formula::Value leaky_relu_gradient(formula::Builder& f, formula::Value y, formula::Value dy) {
  const auto slope = f.constant();
  return select(y, dy, slope * dy);
}

// ------------------------------------------------------------------------------------------------ batch norm, per channel

/** act((x - mean) scale + bias), where scale = gain rstd */
constexpr Formula batch_norm(formula::Value (*activation)(formula::Value)) {
  formula::Builder f;
  const auto x = f.full(), mean = f.channel(), scale = f.channel(), bias = f.channel();
  return f.results(activation((x - mean) * scale + bias));
}
inline constexpr Formula kBatchNorm = batch_norm(formula::linear);
inline constexpr Formula kBatchNormRelu = batch_norm(formula::relu);
inline constexpr Formula kBatchNormLeakyRelu = batch_norm(formula::leaky_relu);

/** g and g (x - mean): their sums, the latter times rstd, are the gradients of bias and gain. */
inline constexpr Formula kReluSums = [] {
  formula::Builder f;
  const auto dy = f.full(), y = f.full(), x = f.full(), mean = f.channel();
  const auto g = dy * step(y);
  return f.results(g, g * (x - mean));
}();
inline constexpr Formula kLeakyReluSums = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), x = f.full(), mean = f.channel();
  const auto g = leaky_relu_gradient(f, y, dy);
  return f.results(g, g * (x - mean));
}();

/** The gradient of x, (g - mean(g) - x_hat mean(g x_hat)) scale, where scale = gain rstd. */
inline constexpr Formula kReluInputGradient = [] {
  formula::Builder f;
  const auto dy = f.full(), y = f.full(), mean_g = f.channel(), x = f.full(), mean = f.channel(), rstd_mean_g_x_hat = f.channel(),
             scale = f.channel();
  const auto g = dy * step(y);
  const auto centred = g - mean_g;
  return f.results((centred - (x - mean) * rstd_mean_g_x_hat) * scale);
}();
inline constexpr Formula kLeakyReluInputGradient = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), mean_g = f.channel(), x = f.full(), mean = f.channel(), rstd_mean_g_x_hat = f.channel(),
             scale = f.channel();
  const auto g = leaky_relu_gradient(f, y, dy);
  const auto centred = g - mean_g;
  return f.results((centred - (x - mean) * rstd_mean_g_x_hat) * scale);
}();

// ------------------------------------------------------------------------------------------------ layer norm, per sample

/** act(gain x_hat + bias) */
constexpr Formula layer_norm(formula::Value (*activation)(formula::Value)) {
  formula::Builder f;
  const auto x = f.full(), mean = f.sample(), rstd = f.sample(), gain = f.channel(), bias = f.channel();
  return f.results(activation((x - mean) * rstd * gain + bias));
}
inline constexpr Formula kLayerNorm = layer_norm(formula::linear);
inline constexpr Formula kLayerNormRelu = layer_norm(formula::relu);
inline constexpr Formula kLayerNormLeakyRelu = layer_norm(formula::leaky_relu);

// ------------------------------------------------------------ layer norm, per sample, of z = x + b with a bias b per channel

/** leakyRelu(gain z_hat + bias) */
inline constexpr Formula kBiasedNormLeakyRelu = [] {
  formula::Builder f;
  const auto x = f.full(), b = f.channel(), mean = f.sample(), rstd = f.sample(), gain = f.channel(), bias = f.channel();
  const auto z_hat = (x + b - mean) * rstd;
  return f.results(leaky_relu(z_hat * gain + bias));
}();

/** dy act'(y) and its product with z - mean. Of their means over the pixels come the gradients of bias and gain and the means of g and of
 *  g z_hat. */
inline constexpr Formula kBiasedPixelMeans = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), x = f.full(), b = f.channel(), mean = f.sample();
  const auto activation_gradient = leaky_relu_gradient(f, y, dy);
  return f.results(activation_gradient, activation_gradient * (x + b - mean));
}();

/** The gradient of z, (g - mean(g) - z_hat mean(g z_hat)) rstd. */
inline constexpr Formula kBiasedInputGradient = [] {
  formula::Builder f;
  const auto y = f.full(), dy = f.full(), gain = f.channel(), mean_g = f.sample(), x = f.full(), b = f.channel(), mean = f.sample(),
             rstd_mean_g_z_hat = f.sample(), rstd = f.sample();
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  const auto centred = g - mean_g;
  return f.results((centred - (x + b - mean) * rstd_mean_g_z_hat) * rstd);
}();
/** The same added to what the second derivative has computed of this gradient before. */
inline constexpr Formula kBiasedInputGradientSum = [] {
  formula::Builder f;
  const auto earlier = f.full(), y = f.full(), dy = f.full(), gain = f.channel(), mean_g = f.sample(), x = f.full(), b = f.channel(),
             mean = f.sample(), rstd_mean_g_z_hat = f.sample(), rstd = f.sample();
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  const auto centred = g - mean_g;
  return f.results(earlier + (centred - (x + b - mean) * rstd_mean_g_z_hat) * rstd);
}();

// The second derivative of this layer norm. u is the gradient of dz = (g - mean(g) - z_hat mean(g z_hat)) rstd; see curvature() in
// src/ops/norm.ts.

/** u, u (z - mean) and u g: their means per sample are what the next two formulas need. */
inline constexpr Formula kBiasedCurvatureSums = [] {
  formula::Builder f;
  const auto u = f.full(), x = f.full(), b = f.channel(), mean = f.sample(), y = f.full(), dy = f.full(), gain = f.channel();
  const auto from_z = u * (x + b - mean);
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  return f.results(u, from_z, u * g);
}();
/** The gradient of g, (u - mean(u) - z_hat mean(u z_hat)) rstd. */
inline constexpr Formula kBiasedCentre = [] {
  formula::Builder f;
  const auto u = f.full(), mean_u = f.sample(), x = f.full(), b = f.channel(), mean = f.sample(), rstd_mean_u_z_hat = f.sample(),
             rstd = f.sample();
  const auto centred = u - mean_u;
  return f.results((centred - (x + b - mean) * rstd_mean_u_z_hat) * rstd);
}();
/** The gradient of z: a weighted sum of u, g, z - mean and 1, whose weights are numbers of the sample. */
inline constexpr Formula kBiasedCurvature = [] {
  formula::Builder f;
  const auto weight_u = f.sample(), u = f.full(), weight_g = f.sample(), y = f.full(), dy = f.full(), gain = f.channel(),
             weight_z = f.sample(), x = f.full(), b = f.channel(), mean = f.sample(), weight_1 = f.sample();
  const auto from_u = weight_u * u;
  const auto g = leaky_relu_gradient(f, y, dy) * gain;
  const auto from_u_and_g = from_u + weight_g * g;
  return f.results(from_u_and_g + (weight_z * (x + b - mean) + weight_1));
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
