#include "expressions/activation_patterns.h"
#include "expressions/interpreter.h"
#include "launch/launch.h"
#include "expressions/norm_patterns.h"
#include "expressions/residual_patterns.h"

// y[i] = expression at i. Bound by memory: every thread computes four neighbouring elements, so that a warp reads 512 bytes of every
// full operand at once. Grid: one thread per four elements. The hot expressions of GAN training are compiled (pattern.h), any other
// one is interpreted (interpreter.h).
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kInterpreterThreads = 128;
constexpr Access kFull = Access::kFull, kChannel = Access::kChannel;
using F = Function;

/** The same numbers, which bfloat16 rounds. */
using Identity = Pattern<Reads<kFull>>;
using Multiply = Pattern<Reads<kFull, kFull>, Op<F::kMul, 0, 1>>;
using Scale = Pattern<Reads<kFull>, Op<F::kConstant>, Op<F::kMul, 1, 0>>;
using WeightedSum =
    Pattern<Reads<kFull, kFull>, Op<F::kConstant>, Op<F::kMul, 2, 0>, Op<F::kConstant>, Op<F::kMul, 4, 1>, Op<F::kAdd, 3, 5>>;

/** x + e (y - x) with one e per sample: the images between real and generated ones. */
using Interpolate = Pattern<Reads<kFull, Access::kSample, kFull>, Op<F::kSub, 2, 0>, Op<F::kMul, 1, 3>, Op<F::kAdd, 0, 4>>;

using HotPatterns =
    PatternList<Identity, AddBias<>, BiasRelu, BiasLeakyRelu, BiasElu, BiasTanh, Relu, LeakyRelu, ReluGradient, LeakyReluGradient,
                BiasEluGradient, TanhGradient, Add, AddThree, Multiply, Scale, WeightedSum, Interpolate, norms::Normalize<kChannel>,
                norms::NormalizeRelu<kChannel>, norms::NormalizeLeakyRelu<kChannel>, norms::Normalize<Access::kSample>,
                norms::NormalizeRelu<Access::kSample>, norms::NormalizeLeakyRelu<Access::kSample>, norms::ReluInputGradient,
                norms::LeakyReluInputGradient, norms::BiasedNormalizeLeakyRelu, norms::BiasedInputGradient, norms::BiasedInputGradientSum,
                norms::BiasedCentre, norms::BiasedCurvature, norms::LeakyReluAdjoint, norms::GainedLeakyReluAdjoint, residuals::Blend,
                residuals::BlendGradient, residuals::CarriedGradient, residuals::CarriedEluGradient, residuals::TwiceCarriedEluGradient>;

}  // namespace

template <typename P, Values kValues>
__global__ void elementwise_pattern_kernel(void* y,  // (total)
                                           typename P::Code code, unsigned total, bool aligned, Element element) {
  const unsigned first = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  if (first >= total) return;
  const int count = min(4u, total - first);
  store_result<kValues>(y, element, first, P::template evaluate<kValues>(code, first, count), count, aligned);
}

template <Values kValues>
__global__ void elementwise_kernel(void* y,  // (total)
                                   InterpretedCode code, unsigned total, bool aligned, Element element) {
  const unsigned first = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  if (first >= total) return;
  const int count = min(4u, total - first);
  store_result<kValues>(y, element, first, evaluate<kValues>(code, shared_memory<float>(), first, count), count, aligned);
}

namespace {

template <Values kValues>
void elementwise_of(const ElementwiseArgs& args, cudaStream_t stream) {
  const auto total = static_cast<unsigned>(args.total);
  const bool aligned = is_aligned_16(args.y);
  const auto blocks = [total](unsigned threads) { return dim3((total + 4 * threads - 1) / (4 * threads)); };
  const bool compiled = HotPatterns::find(args.expression, [&]<typename P>(P) {
    launch(elementwise_pattern_kernel<P, kValues>, blocks(kThreads), dim3(kThreads), 0, stream, args.y, P::encode(args.expression, total),
           total, aligned, args.result);
  });
  if (compiled) return;
  const InterpretedCode code = interpret(args.expression, total);
  const unsigned threads = interpreter_threads(code, kInterpreterThreads);
  launch(elementwise_kernel<kValues>, blocks(threads), dim3(threads), threads * interpreter_bytes(code), stream, args.y, code, total,
         aligned, args.result);
}

}  // namespace

void elementwise(const ElementwiseArgs& args, cudaStream_t stream) {
  const bool mixed = values_of(args.expression, args.result) == Values::kMixed;
  (mixed ? elementwise_of<Values::kMixed> : elementwise_of<Values::kFloat32>)(args, stream);
}

}  // namespace gannet::kernels
