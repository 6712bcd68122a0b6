#pragma once

#include "expressions/pattern.h"

// The expressions that normalisation with an activation behind it comes to, as the fusion pass writes them: reductions for the
// statistics, and what is computed from them per element. In all of them x^ = (x - mean) rstd, and y is the result of the activation,
// which gives the activation's gradient.
namespace gannet::kernels::norms {

using F = Function;
inline constexpr Access kFull = Access::kFull, kChannel = Access::kChannel, kSample = Access::kSample;

// ------------------------------------------------------------------------------------------------ batch norm, per channel

/** (gain x^ + bias), then an activation: operands x, mean, rstd, gain, bias. Of a layer norm without a bias before it, too. */
template <Access kMoments, typename... Activation>
using Normalize = Pattern<Reads<kFull, kMoments, kMoments, kChannel, kChannel>, Op<F::kSub, 0, 1>, Op<F::kMul, 5, 2>, Op<F::kMul, 6, 3>,
                          Op<F::kAdd, 7, 4>, Activation...>;
template <Access kMoments>
using NormalizeRelu = Normalize<kMoments, Op<F::kRelu, 8>>;
template <Access kMoments>
using NormalizeLeakyRelu = Normalize<kMoments, Op<F::kLeakyRelu, 8>>;

/** g and g x^ with g = dy act'(y): operands dy, y, x, mean, rstd for relu; y, dy, x, mean, rstd for leakyRelu. */
using ReluSums = Pattern<Reads<kFull, kFull, kFull, kChannel, kChannel>, Op<F::kStep, 1>, Op<F::kMul, 0, 5>, Op<F::kSub, 2, 3>,
                         Op<F::kMul, 7, 4>, Op<F::kMul, 6, 8>>;
using LeakyReluSums = Pattern<Reads<kFull, kFull, kFull, kChannel, kChannel>, Op<F::kConstant>, Op<F::kMul, 5, 1>, Op<F::kSelect, 0, 1, 6>,
                              Op<F::kSub, 2, 3>, Op<F::kMul, 8, 4>, Op<F::kMul, 7, 9>>;

/** (g - mean(g) - x^ mean(g x^)) scale: operands dy and y (or y and dy), mean(g), x, mean, rstd, mean(g x^), scale. */
using ReluInputGradient =
    Pattern<Reads<kFull, kFull, kChannel, kFull, kChannel, kChannel, kChannel, kChannel>, Op<F::kStep, 1>, Op<F::kMul, 0, 8>,
            Op<F::kSub, 9, 2>, Op<F::kSub, 3, 4>, Op<F::kMul, 11, 5>, Op<F::kMul, 12, 6>, Op<F::kSub, 10, 13>, Op<F::kMul, 14, 7>>;
using LeakyReluInputGradient = Pattern<Reads<kFull, kFull, kChannel, kFull, kChannel, kChannel, kChannel, kChannel>, Op<F::kConstant>,
                                       Op<F::kMul, 8, 1>, Op<F::kSelect, 0, 1, 9>, Op<F::kSub, 10, 2>, Op<F::kSub, 3, 4>,
                                       Op<F::kMul, 12, 5>, Op<F::kMul, 13, 6>, Op<F::kSub, 11, 14>, Op<F::kMul, 15, 7>>;

// ------------------------------------------------------------------- layer norm, per sample, of x + b with a bias per channel

/** leakyRelu(gain x^ + bias): operands x, b, mean, rstd, gain, bias. */
using BiasedNormalizeLeakyRelu = Pattern<Reads<kFull, kChannel, kSample, kSample, kChannel, kChannel>, Op<F::kAdd, 0, 1>, Op<F::kSub, 6, 2>,
                                         Op<F::kMul, 7, 3>, Op<F::kMul, 8, 4>, Op<F::kAdd, 9, 5>, Op<F::kLeakyRelu, 10>>;

/** g and g x^ with g = gain dy act'(y), for the means of a sample: operands y, dy, gain, x, b, mean, rstd. */
using BiasedSampleSums =
    Pattern<Reads<kFull, kFull, kChannel, kFull, kChannel, kSample, kSample>, Op<F::kConstant>, Op<F::kMul, 7, 1>, Op<F::kSelect, 0, 1, 8>,
            Op<F::kMul, 9, 2>, Op<F::kAdd, 3, 4>, Op<F::kSub, 11, 5>, Op<F::kMul, 12, 6>, Op<F::kMul, 10, 13>>;
/** dy act'(y) and its product with x^, for the gradients of bias and gain: operands y, dy, x, b, mean, rstd. */
using BiasedChannelSums = Pattern<Reads<kFull, kFull, kFull, kChannel, kSample, kSample>, Op<F::kConstant>, Op<F::kMul, 6, 1>,
                                  Op<F::kSelect, 0, 1, 7>, Op<F::kAdd, 2, 3>, Op<F::kSub, 9, 4>, Op<F::kMul, 10, 5>, Op<F::kMul, 8, 11>>;

/** (g - mean(g) - x^ mean(g x^)) rstd: operands y, dy, gain, mean(g), x, b, mean, rstd, mean(g x^). */
using BiasedInputGradient = Pattern<Reads<kFull, kFull, kChannel, kSample, kFull, kChannel, kSample, kSample, kSample>, Op<F::kConstant>,
                                    Op<F::kMul, 9, 1>, Op<F::kSelect, 0, 1, 10>, Op<F::kMul, 11, 2>, Op<F::kSub, 12, 3>, Op<F::kAdd, 4, 5>,
                                    Op<F::kSub, 14, 6>, Op<F::kMul, 15, 7>, Op<F::kMul, 16, 8>, Op<F::kSub, 13, 17>, Op<F::kMul, 18, 7>>;
/** The same added to operand 0, what the second derivative has left there. */
using BiasedInputGradientSum =
    Pattern<Reads<kFull, kFull, kFull, kChannel, kSample, kFull, kChannel, kSample, kSample, kSample>, Op<F::kConstant>, Op<F::kMul, 10, 2>,
            Op<F::kSelect, 1, 2, 11>, Op<F::kMul, 12, 3>, Op<F::kSub, 13, 4>, Op<F::kAdd, 5, 6>, Op<F::kSub, 15, 7>, Op<F::kMul, 16, 8>,
            Op<F::kMul, 17, 9>, Op<F::kSub, 14, 18>, Op<F::kMul, 19, 8>, Op<F::kAdd, 0, 20>>;

// Its second derivative, from the gradient u of dx = rstd (g - mean(g) - x^ mean(g x^)): see curvature() in src/ops/norm.ts.

/** u, u x^ and u g: operands u, x, b, mean, rstd, y, dy, gain. */
using BiasedCurvatureSums = Pattern<Reads<kFull, kFull, kChannel, kSample, kSample, kFull, kFull, kChannel>, Op<F::kAdd, 1, 2>,
                                    Op<F::kSub, 8, 3>, Op<F::kMul, 9, 4>, Op<F::kMul, 0, 10>, Op<F::kConstant>, Op<F::kMul, 12, 6>,
                                    Op<F::kSelect, 5, 6, 13>, Op<F::kMul, 14, 7>, Op<F::kMul, 0, 15>>;
/** The gradient of g, (u - mean(u) - x^ mean(u x^)) rstd: operands u, mean(u), x, b, mean, rstd, mean(u x^). */
using BiasedCentre = Pattern<Reads<kFull, kSample, kFull, kChannel, kSample, kSample, kSample>, Op<F::kSub, 0, 1>, Op<F::kAdd, 2, 3>,
                             Op<F::kSub, 8, 4>, Op<F::kMul, 9, 5>, Op<F::kMul, 10, 6>, Op<F::kSub, 7, 11>, Op<F::kMul, 12, 5>>;
/** The gradient of x, a weighted sum of u, g, x^ and 1: operands the weight of u, u, that of g, y, dy, gain, that of x^, x, b, mean,
 *  rstd, the constant. */
using BiasedCurvature =
    Pattern<Reads<kSample, kFull, kSample, kFull, kFull, kChannel, kSample, kFull, kChannel, kSample, kSample, kSample>, Op<F::kMul, 0, 1>,
            Op<F::kConstant>, Op<F::kMul, 13, 4>, Op<F::kSelect, 3, 4, 14>, Op<F::kMul, 15, 5>, Op<F::kMul, 2, 16>, Op<F::kAdd, 12, 17>,
            Op<F::kAdd, 7, 8>, Op<F::kSub, 19, 9>, Op<F::kMul, 20, 10>, Op<F::kMul, 6, 21>, Op<F::kAdd, 22, 11>, Op<F::kAdd, 18, 23>>;

/** The gradient of dy act'(y) with respect to dy, from dg: operands y, dg, gain. */
using GainedLeakyReluAdjoint = Pattern<Reads<kFull, kFull, kChannel>, Op<F::kMul, 1, 2>, Op<F::kConstant>, Op<F::kSelect, 0, 3, 4>,
                                       Op<F::kSelect, 0, 4, 3>, Op<F::kConstant>, Op<F::kMul, 6, 7>, Op<F::kAdd, 5, 8>>;
using LeakyReluAdjoint = Pattern<Reads<kFull, kFull>, Op<F::kConstant>, Op<F::kSelect, 0, 1, 2>, Op<F::kSelect, 0, 2, 1>, Op<F::kConstant>,
                                 Op<F::kMul, 4, 5>, Op<F::kAdd, 3, 6>>;
/** dg dy act'(y), for the gradient of the gain: operands y, dy, dg. */
using GainCurvature = Pattern<Reads<kFull, kFull, kFull>, Op<F::kConstant>, Op<F::kMul, 3, 1>, Op<F::kSelect, 0, 1, 4>, Op<F::kMul, 5, 2>>;

}  // namespace gannet::kernels::norms
