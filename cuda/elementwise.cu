#include "activation_patterns.h"
#include "interpreter.h"
#include "launch.h"

// y[i] = expression at i. Bound by memory: every thread computes four neighbouring elements, so that a warp reads 512 bytes of every
// full operand at once. Grid: one thread per four elements. The hot expressions of GAN training are compiled (pattern.h), any other
// one is interpreted (interpreter.h).
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kInterpreterThreads = 128;
constexpr Access kFull = Access::kFull, kChannel = Access::kChannel, kSample = Access::kSample;
using F = Function;

/** act(gain (x - mean) rstd + bias): operands x, mean, rstd, gain, bias; the moments of a channel or of a sample */
template <Access kMoments, typename... Activation>
using Normalize = Pattern<Reads<kFull, kMoments, kMoments, kChannel, kChannel>, Op<F::kSub, 0, 1>, Op<F::kMul, 5, 2>, Op<F::kMul, 6, 3>,
                          Op<F::kAdd, 7, 4>, Activation...>;
template <Access kMoments>
using NormalizeRelu = Normalize<kMoments, Op<F::kRelu, 8>>;
template <Access kMoments>
using NormalizeLeakyRelu = Normalize<kMoments, Op<F::kLeakyRelu, 8>>;

/** dy act'(x + bias) */
using BiasLeakyReluGradient = Pattern<Reads<kFull, kChannel, kFull>, Op<F::kAdd, 0, 1>, Op<F::kConstant>, Op<F::kMul, 4, 2>,
                                      Op<F::kSelect, 3, 2, 5>>;

/** dy act'(gain (x - mean) rstd + bias) */
template <Access kMoments>
using NormalizeReluGradient = Pattern<Reads<kFull, kFull, kMoments, kMoments, kChannel, kChannel>, Op<F::kSub, 1, 2>, Op<F::kMul, 6, 3>,
                                      Op<F::kMul, 7, 4>, Op<F::kAdd, 8, 5>, Op<F::kStep, 9>, Op<F::kMul, 0, 10>>;
template <Access kMoments>
using NormalizeLeakyReluGradient = Pattern<Reads<kFull, kMoments, kMoments, kChannel, kChannel, kFull>, Op<F::kSub, 0, 1>, Op<F::kMul, 6, 2>,
                                           Op<F::kMul, 7, 3>, Op<F::kAdd, 8, 4>, Op<F::kConstant>, Op<F::kMul, 10, 5>,
                                           Op<F::kSelect, 9, 5, 11>>;

/** (dy - mean(dy) - (x - mean) rstd mean(dy x^)) scale: operands dy, mean(dy), x, mean, rstd, mean(dy x^), scale */
using BatchNormGradient = Pattern<Reads<kFull, kChannel, kFull, kChannel, kChannel, kChannel, kChannel>, Op<F::kSub, 0, 1>,
                                  Op<F::kSub, 2, 3>, Op<F::kMul, 8, 4>, Op<F::kMul, 9, 5>, Op<F::kSub, 7, 10>, Op<F::kMul, 11, 6>>;
/** (gain dy - mean(g) - (x - mean) rstd mean(g x^)) rstd: operands dy, gain, mean(g), x, mean, rstd, mean(g x^) */
using LayerNormGradient = Pattern<Reads<kFull, kChannel, kSample, kFull, kSample, kSample, kSample>, Op<F::kMul, 0, 1>, Op<F::kSub, 7, 2>,
                                  Op<F::kSub, 3, 4>, Op<F::kMul, 9, 5>, Op<F::kMul, 10, 6>, Op<F::kSub, 8, 11>, Op<F::kMul, 12, 5>>;

using Multiply = Pattern<Reads<kFull, kFull>, Op<F::kMul, 0, 1>>;
using Scale = Pattern<Reads<kFull>, Op<F::kConstant>, Op<F::kMul, 1, 0>>;
using WeightedSum = Pattern<Reads<kFull, kFull>, Op<F::kConstant>, Op<F::kMul, 2, 0>, Op<F::kConstant>, Op<F::kMul, 4, 1>, Op<F::kAdd, 3, 5>>;

using HotPatterns =
    PatternList<AddBias<>, BiasRelu, BiasLeakyRelu, BiasTanh, Relu, LeakyRelu, Normalize<kChannel>, NormalizeRelu<kChannel>,
                NormalizeLeakyRelu<kChannel>, Normalize<kSample>, NormalizeRelu<kSample>, NormalizeLeakyRelu<kSample>, ReluGradient,
                LeakyReluGradient, BiasLeakyReluGradient, TanhGradient, NormalizeReluGradient<kChannel>, NormalizeLeakyReluGradient<kChannel>,
                NormalizeReluGradient<kSample>, NormalizeLeakyReluGradient<kSample>, BatchNormGradient, LayerNormGradient, Add, Multiply, Scale,
                WeightedSum>;

}  // namespace

template <typename P>
__global__ void elementwise_pattern_kernel(float* y,  // (total)
                                           typename P::Code code, unsigned total, bool aligned) {
  const unsigned first = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  if (first >= total) return;
  const int count = min(4u, total - first);
  store_vector(y, first, P::evaluate(code, first, count), count, aligned);
}

__global__ void elementwise_kernel(float* y,  // (total)
                                   InterpretedCode code, unsigned total, bool aligned) {
  const unsigned first = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
  if (first >= total) return;
  const int count = min(4u, total - first);
  store_vector(y, first, evaluate(code, shared_memory<float>(), first, count), count, aligned);
}

void elementwise(const ElementwiseArgs& args, cudaStream_t stream) {
  const auto total = static_cast<unsigned>(args.total);
  const bool aligned = is_aligned_16(args.y);
  const auto blocks = [total](unsigned threads) { return dim3((total + 4 * threads - 1) / (4 * threads)); };
  const bool compiled = HotPatterns::find(args.expression, [&]<typename P>(P) {
    launch(elementwise_pattern_kernel<P>, blocks(kThreads), dim3(kThreads), 0, stream, args.y, P::encode(args.expression, total), total, aligned);
  });
  if (compiled) return;
  const InterpretedCode code = interpret(args.expression, total);
  const unsigned threads = interpreter_threads(code, kInterpreterThreads);
  launch(elementwise_kernel, blocks(threads), dim3(threads), threads * interpreter_bytes(code), stream, args.y, code, total, aligned);
}

}  // namespace gannet::kernels
