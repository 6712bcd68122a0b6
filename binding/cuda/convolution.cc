#include "cuda/products.h"
#include "error.h"

namespace gannet::cuda {

namespace {

using kernels::ConvolutionPass;

kernels::ConvolutionShape shape_of(const Step& step) {
  const WindowGeometry g = convolution_geometry(step);
  for (const Slot& input : step.inputs) count_of(input);
  count_of(step.output);
  return {.n = to_int(g.n),
          .h = to_int(g.h),
          .w = to_int(g.w),
          .c = to_int(g.c),
          .k = to_int(g.k),
          .r = to_int(g.r),
          .s = to_int(g.s),
          .p = to_int(g.p),
          .q = to_int(g.q),
          .stride_h = to_int(g.stride_h),
          .stride_w = to_int(g.stride_w),
          .top = to_int(g.top),
          .left = to_int(g.left)};
}

ConvolutionPass pass_of(const Step& step) {
  switch (step.op) {
    case Op::kConv2dInputGradient: return ConvolutionPass::kInputGradient;
    case Op::kConv2dFilterGradient: return ConvolutionPass::kFilterGradient;
    default: return ConvolutionPass::kForward;
  }
}

using Launcher = void (*)(const kernels::Convolution&, cudaStream_t);

template <Launcher launcher>
Kernel convolution(const Step& step, const Build& build) {
  const ConvolutionPass pass = pass_of(step);
  const kernels::ConvolutionShape shape = shape_of(step);
  const kernels::OperandElements elements = elements_of(step);
  if (const char* refusal = convolution_refusal(step, elements)) throw Error("shape_unsupported", refusal);
  const kernels::ProductConfig config = kernels::choose_convolution(pass, shape, build.precision, build.gpu, elements);
  return product_kernel(step, build, shape, config, pass != ConvolutionPass::kFilterGradient, launcher);
}

}  // namespace

const char* convolution_refusal(const Step& step, const kernels::OperandElements& elements) {
  return kernels::convolution_refusal(pass_of(step), shape_of(step), elements);
}

void add_convolution_kernels(KernelTable& table) {
  table[Op::kConv2d] = convolution<kernels::conv2d_forward>;
  table[Op::kConv2dInputGradient] = convolution<kernels::conv2d_input_gradient>;
  table[Op::kConv2dFilterGradient] = convolution<kernels::conv2d_filter_gradient>;
}

}  // namespace gannet::cuda
