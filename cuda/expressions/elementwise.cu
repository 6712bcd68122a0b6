#include "expressions/activation_formulas.h"
#include "expressions/interpreter.h"
#include "expressions/norm_formulas.h"
#include "expressions/residual_formulas.h"
#include "launch/launch.h"

// y[i] = expression at i. Bound by memory. Every thread computes four neighbouring elements, so that a warp reads 512 bytes of every
// operand at once. Grid: one thread for four elements. The expressions that GAN training spends most time in are compiled (formula.h), and
// all others are interpreted (interpreter.h).
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
constexpr unsigned kInterpreterThreads = 128;

/** number x */
inline constexpr Formula kScale = [] {
  formula::Builder f;
  const auto x = f.full();
  return f.results(f.constant() * x);
}();
/** number a + other number b */
inline constexpr Formula kWeightedSum = [] {
  formula::Builder f;
  const auto a = f.full(), b = f.full();
  const auto first = f.constant() * a;
  return f.results(first + f.constant() * b);
}();
/** x + e (y - x) with one e per sample: the images between real and generated ones. */
inline constexpr Formula kInterpolate = [] {
  formula::Builder f;
  const auto x = f.full(), e = f.sample(), y = f.full();
  return f.results(x + e * (y - x));
}();

using HotPatterns =
    PatternList<PatternOf<kIdentity>, PatternOf<kAddBias>, PatternOf<kBiasRelu>, PatternOf<kBiasLeakyRelu>, PatternOf<kBiasElu>,
                PatternOf<kBiasTanh>, PatternOf<kRelu>, PatternOf<kLeakyRelu>, PatternOf<kReluGradient>, PatternOf<kLeakyReluGradient>,
                PatternOf<kBiasEluGradient>, PatternOf<kTanhGradient>, PatternOf<kLeakyReluAdjoint>, PatternOf<kAdd>, PatternOf<kAddThree>,
                PatternOf<kMultiply>, PatternOf<kScale>, PatternOf<kWeightedSum>, PatternOf<kInterpolate>, PatternOf<norms::kBatchNorm>,
                PatternOf<norms::kBatchNormRelu>, PatternOf<norms::kBatchNormLeakyRelu>, PatternOf<norms::kLayerNorm>,
                PatternOf<norms::kLayerNormRelu>, PatternOf<norms::kLayerNormLeakyRelu>, PatternOf<norms::kReluInputGradient>,
                PatternOf<norms::kLeakyReluInputGradient>, PatternOf<norms::kBiasedNormLeakyRelu>, PatternOf<norms::kBiasedInputGradient>,
                PatternOf<norms::kBiasedInputGradientSum>, PatternOf<norms::kBiasedCentre>, PatternOf<norms::kBiasedCurvature>,
                PatternOf<norms::kGainedLeakyReluAdjoint>, PatternOf<residuals::kBlend>, PatternOf<residuals::kBlendGradient>,
                PatternOf<residuals::kCarriedGradient>, PatternOf<residuals::kCarriedEluGradient>,
                PatternOf<residuals::kTwiceCarriedEluGradient>>;

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
