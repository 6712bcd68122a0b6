#include "cuda/kernel.h"

namespace gannet::cuda {

namespace {

kernels::PoolGeometry geometry_of(const Step& step) {
  const WindowGeometry g = pooling_geometry(step);
  to_int(g.n * g.h * g.w * g.c);
  to_int(g.r * g.s * g.c);
  return {.n = to_int(g.n),
          .h = to_int(g.h),
          .w = to_int(g.w),
          .c = to_int(g.c),
          .p = to_int(g.p),
          .q = to_int(g.q),
          .r = to_int(g.r),
          .s = to_int(g.s),
          .stride_h = to_int(g.stride_h),
          .stride_w = to_int(g.stride_w),
          .top = to_int(g.top),
          .left = to_int(g.left)};
}

using Launcher = void (*)(const kernels::PoolArgs&, cudaStream_t);

template <Launcher launcher>
Kernel pooling(const Step& step, const Build&) {
  return {[step, geometry = geometry_of(step)](const Run& run) {
    launcher({.result = run.output(step.output),
              .first = run.input(step.inputs[0]),
              .second = step.inputs.size() > 1 ? run.input(step.inputs[1]) : nullptr,
              .geometry = geometry},
             run.stream);
  }};
}

}  // namespace

void add_pooling_kernels(KernelTable& table) {
  table[Op::kMaxPool] = pooling<kernels::max_pool>;
  table[Op::kMaxPoolGradient] = pooling<kernels::max_pool_gradient>;
  table[Op::kMaxPoolGather] = pooling<kernels::max_pool_gather>;
  table[Op::kAveragePool] = pooling<kernels::average_pool>;
  table[Op::kAveragePoolGradient] = pooling<kernels::average_pool_gradient>;
}

}  // namespace gannet::cuda
