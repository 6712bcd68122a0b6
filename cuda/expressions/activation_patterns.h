#pragma once

#include "expressions/pattern.h"

// The expressions around activations that are compiled both by themselves (elementwise.cu) and into the ends of products
// (products/epilogue.cuh).
namespace gannet::kernels {

/** act(x + bias) */
template <typename... Activation>
using AddBias = Pattern<Reads<Access::kFull, Access::kChannel>, Op<Function::kAdd, 0, 1>, Activation...>;
using BiasRelu = AddBias<Op<Function::kRelu, 2>>;
using BiasLeakyRelu = AddBias<Op<Function::kLeakyRelu, 2>>;
using BiasElu = AddBias<Op<Function::kElu, 2>>;
using BiasTanh = AddBias<Op<Function::kTanh, 2>>;
using BiasSigmoid = AddBias<Op<Function::kSigmoid, 2>>;

/** act(x) */
using Relu = Pattern<Reads<Access::kFull>, Op<Function::kRelu, 0>>;
using LeakyRelu = Pattern<Reads<Access::kFull>, Op<Function::kLeakyRelu, 0>>;

/** dy act'(x): operands dy, y for relu and tanh, y, dy for leakyRelu, whose results y tell the sign of x. */
using ReluGradient = Pattern<Reads<Access::kFull, Access::kFull>, Op<Function::kStep, 1>, Op<Function::kMul, 0, 2>>;
using LeakyReluGradient =
    Pattern<Reads<Access::kFull, Access::kFull>, Op<Function::kConstant>, Op<Function::kMul, 2, 1>, Op<Function::kSelect, 0, 1, 3>>;
using TanhGradient = Pattern<Reads<Access::kFull, Access::kFull>, Op<Function::kConstant>, Op<Function::kMul, 1, 1>,
                             Op<Function::kSub, 2, 3>, Op<Function::kMul, 0, 4>>;

/** dy elu'(x + bias): operands x, bias, dy. */
using BiasEluGradient =
    Pattern<Reads<Access::kFull, Access::kChannel, Access::kFull>, Op<Function::kAdd, 0, 1>, Op<Function::kConstant>,
            Op<Function::kMinimum, 3, 4>, Op<Function::kExp, 5>, Op<Function::kMul, 2, 6>, Op<Function::kSelect, 3, 2, 7>>;
/** How leakyRelu's gradient changes with dy: operands y, ddy. */
using LeakyReluSecondGradient =
    Pattern<Reads<Access::kFull, Access::kFull>, Op<Function::kConstant>, Op<Function::kSelect, 0, 1, 2>, Op<Function::kSelect, 0, 2, 1>,
            Op<Function::kConstant>, Op<Function::kMul, 4, 5>, Op<Function::kAdd, 3, 6>>;

using Add = Pattern<Reads<Access::kFull, Access::kFull>, Op<Function::kAdd, 0, 1>>;
using AddThree = Pattern<Reads<Access::kFull, Access::kFull, Access::kFull>, Op<Function::kAdd, 0, 1>, Op<Function::kAdd, 3, 2>>;

}  // namespace gannet::kernels
