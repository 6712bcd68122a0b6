#include "cuda/ending.h"
#include "error.h"

namespace gannet::cuda {

namespace {

using kernels::ConvolutionPass;

kernels::ConvolutionShape shape_of(const Step& step) {
  const WindowGeometry g = convolution_geometry(step);
  for (const Slot& input : step.inputs) count_of(input);
  count_of(step.output);
  return {narrow(g.n), narrow(g.h), narrow(g.w),        narrow(g.c),        narrow(g.k),   narrow(g.r),   narrow(g.s),
          narrow(g.p), narrow(g.q), narrow(g.stride_h), narrow(g.stride_w), narrow(g.top), narrow(g.left)};
}

using Launcher = void (*)(const kernels::Convolution&, cudaStream_t);

template <ConvolutionPass pass, Launcher launcher>
Kernel convolution(const Step& step, const Build& build) {
  const kernels::ConvolutionShape shape = shape_of(step);
  const kernels::OperandElements elements{element_of(step.inputs[0]), element_of(step.inputs[1])};
  if (const char* refusal = kernels::convolution_refusal(pass, shape, elements)) throw Error("shape_unsupported", refusal);
  const kernels::ProductConfig config = kernels::choose_convolution(pass, shape, build.precision, build.gpu, elements);
  const Ending ending(step, build, config, pass != ConvolutionPass::kFilterGradient);
  return {.queue =
              [step, shape, config, ending](const Run& run) {
                const auto statistics = ending.statistics(run);
                launcher({.result = run.output(ending.output()),
                          .first = run.input(step.inputs[0]),
                          .second = run.input(step.inputs[1]),
                          .workspace = reinterpret_cast<float*>(run.workspace),
                          .shape = shape,
                          .config = config,
                          .epilogue = ending.epilogue(run),
                          .statistics = statistics ? &*statistics : nullptr},
                         run.stream);
              },
          .scratch = ending.scratch(),
          .steps = ending.steps()};
}

}  // namespace

void add_convolution_kernels(KernelTable& table) {
  table[Op::kConv2d] = convolution<ConvolutionPass::kForward, kernels::conv2d_forward>;
  table[Op::kConv2dInputGradient] = convolution<ConvolutionPass::kInputGradient, kernels::conv2d_input_gradient>;
  table[Op::kConv2dFilterGradient] = convolution<ConvolutionPass::kFilterGradient, kernels::conv2d_filter_gradient>;
}

}  // namespace gannet::cuda
