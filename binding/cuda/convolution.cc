#include "cuda/kernel.h"
#include "error.h"

namespace gannet::cuda {

namespace {

using kernels::ConvolutionPass;

kernels::ConvolutionShape shape_of(const Step& step) {
  const WindowGeometry g = convolution_geometry(step);
  for (const Slot& input : step.inputs) count_of(input);
  count_of(step.output);
  return {narrow(g.n), narrow(g.h), narrow(g.w), narrow(g.c), narrow(g.k), narrow(g.r), narrow(g.s), narrow(g.p), narrow(g.q),
          narrow(g.stride_h), narrow(g.stride_w), narrow(g.top), narrow(g.left)};
}

/** What a convolution's launcher takes besides pointers. */
struct Plan {
  kernels::ConvolutionShape shape;
  kernels::ProductConfig config;

  Plan(const Step& step, ConvolutionPass pass, const Build& build) : shape(shape_of(step)) {
    if (const char* refusal = kernels::convolution_refusal(pass, shape)) throw Error("shape_unsupported", refusal);
    config = kernels::choose_convolution(pass, shape, build.precision, build.gpu);
  }
};

Kernel conv2d(const Step& step, const Build& build) {
  const Plan plan(step, ConvolutionPass::kForward, build);
  return {[step, plan](const Run& run) {
            kernels::conv2d_forward({.y = run.output(step.output),
                                     .x = run.input(step.inputs[0]),
                                     .w = run.input(step.inputs[1]),
                                     .workspace = reinterpret_cast<float*>(run.workspace),
                                     .shape = plan.shape,
                                     .config = plan.config},
                                    run.stream);
          },
          plan.config.workspace_bytes};
}

Kernel conv2d_input_gradient(const Step& step, const Build& build) {
  const Plan plan(step, ConvolutionPass::kInputGradient, build);
  return {[step, plan](const Run& run) {
            kernels::conv2d_input_gradient({.dx = run.output(step.output),
                                            .dy = run.input(step.inputs[0]),
                                            .w = run.input(step.inputs[1]),
                                            .workspace = reinterpret_cast<float*>(run.workspace),
                                            .shape = plan.shape,
                                            .config = plan.config},
                                           run.stream);
          },
          plan.config.workspace_bytes};
}

Kernel conv2d_filter_gradient(const Step& step, const Build& build) {
  const Plan plan(step, ConvolutionPass::kFilterGradient, build);
  return {[step, plan](const Run& run) {
            kernels::conv2d_filter_gradient({.dw = run.output(step.output),
                                             .x = run.input(step.inputs[0]),
                                             .dy = run.input(step.inputs[1]),
                                             .workspace = reinterpret_cast<float*>(run.workspace),
                                             .shape = plan.shape,
                                             .config = plan.config},
                                            run.stream);
          },
          plan.config.workspace_bytes};
}

}  // namespace

void add_convolution_kernels(KernelTable& table) {
  table["conv2d"] = conv2d;
  table["conv2dInputGradient"] = conv2d_input_gradient;
  table["conv2dFilterGradient"] = conv2d_filter_gradient;
}

}  // namespace gannet::cuda
