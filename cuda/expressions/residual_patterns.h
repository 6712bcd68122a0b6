#pragma once

#include "expressions/pattern.h"

// The expressions of BEGAN's vanishing residuals, a x + (1 - a) elu(z + b) with one number a that falls to 0 while training, and of their
// gradients. z is what a convolution gives, b its bias per channel, dy the gradient of the result; elu' is found from z + b.
namespace gannet::kernels::residuals {

using F = Function;
inline constexpr Access kFull = Access::kFull, kChannel = Access::kChannel, kScalar = Access::kScalar;

/** a x + (1 - a) elu(z + b): operands a, x, z, b. */
using Blend = Pattern<Reads<kScalar, kFull, kFull, kChannel>, Op<F::kMul, 0, 1>, Op<F::kConstant>, Op<F::kSub, 5, 0>, Op<F::kAdd, 2, 3>,
                      Op<F::kElu, 7>, Op<F::kMul, 6, 8>, Op<F::kAdd, 4, 9>>;

/** The gradient of z, (1 - a) dy elu'(z + b): operands z, b, dy, a. */
using BlendGradient =
    Pattern<Reads<kFull, kChannel, kFull, kScalar>, Op<F::kAdd, 0, 1>, Op<F::kConstant>, Op<F::kSub, 5, 3>, Op<F::kMul, 2, 6>,
            Op<F::kConstant>, Op<F::kMinimum, 4, 8>, Op<F::kExp, 9>, Op<F::kMul, 7, 10>, Op<F::kSelect, 4, 7, 11>>;

/** (1 - a) (d + a dy), where d comes of a later layer: operands d, dy, a. */
using CarriedGradient =
    Pattern<Reads<kFull, kFull, kScalar>, Op<F::kMul, 1, 2>, Op<F::kAdd, 0, 3>, Op<F::kConstant>, Op<F::kSub, 5, 2>, Op<F::kMul, 4, 6>>;

/** (d + a dy) elu'(z + b): operands z, b, d, dy, a. */
using CarriedEluGradient = Pattern<Reads<kFull, kChannel, kFull, kFull, kScalar>, Op<F::kAdd, 0, 1>, Op<F::kMul, 3, 4>, Op<F::kAdd, 2, 6>,
                                   Op<F::kConstant>, Op<F::kMinimum, 5, 8>, Op<F::kExp, 9>, Op<F::kMul, 7, 10>, Op<F::kSelect, 5, 7, 11>>;
/** (d + a (e + a dy)) elu'(z + b), through two layers: operands z, b, d, e, dy, a. */
using TwiceCarriedEluGradient = Pattern<Reads<kFull, kChannel, kFull, kFull, kFull, kScalar>, Op<F::kAdd, 0, 1>, Op<F::kMul, 4, 5>,
                                        Op<F::kAdd, 3, 7>, Op<F::kMul, 8, 5>, Op<F::kAdd, 2, 9>, Op<F::kConstant>, Op<F::kMinimum, 6, 11>,
                                        Op<F::kExp, 12>, Op<F::kMul, 10, 13>, Op<F::kSelect, 6, 10, 14>>;

}  // namespace gannet::kernels::residuals
