#include "cuda/kernel.h"

namespace gannet::cuda {

namespace {

kernels::PoolGeometry geometry_of(const Step& step) {
  const WindowGeometry g = pooling_geometry(step);
  narrow(g.n * g.h * g.w * g.c);
  narrow(g.r * g.s * g.c);
  return {narrow(g.n), narrow(g.h), narrow(g.w),        narrow(g.c),        narrow(g.p),   narrow(g.q),
          narrow(g.r), narrow(g.s), narrow(g.stride_h), narrow(g.stride_w), narrow(g.top), narrow(g.left)};
}

Kernel max_pool(const Step& step, const Build&) {
  return {[step, geometry = geometry_of(step)](const Run& run) {
    kernels::max_pool({.y = run.output(step.output), .x = run.input(step.inputs[0]), .geometry = geometry}, run.stream);
  }};
}

Kernel max_pool_gradient(const Step& step, const Build&) {
  return {[step, geometry = geometry_of(step)](const Run& run) {
    kernels::max_pool_gradient(
        {.dx = run.output(step.output), .x = run.input(step.inputs[0]), .dy = run.input(step.inputs[1]), .geometry = geometry}, run.stream);
  }};
}

Kernel max_pool_gather(const Step& step, const Build&) {
  return {[step, geometry = geometry_of(step)](const Run& run) {
    kernels::max_pool_gather(
        {.y = run.output(step.output), .x = run.input(step.inputs[0]), .values = run.input(step.inputs[1]), .geometry = geometry},
        run.stream);
  }};
}

Kernel average_pool(const Step& step, const Build&) {
  return {[step, geometry = geometry_of(step)](const Run& run) {
    kernels::average_pool({.y = run.output(step.output), .x = run.input(step.inputs[0]), .geometry = geometry}, run.stream);
  }};
}

Kernel average_pool_gradient(const Step& step, const Build&) {
  return {[step, geometry = geometry_of(step)](const Run& run) {
    kernels::average_pool_gradient({.dx = run.output(step.output), .dy = run.input(step.inputs[0]), .geometry = geometry}, run.stream);
  }};
}

}  // namespace

void add_pooling_kernels(KernelTable& table) {
  table[Op::kMaxPool] = max_pool;
  table[Op::kMaxPoolGradient] = max_pool_gradient;
  table[Op::kMaxPoolGather] = max_pool_gather;
  table[Op::kAveragePool] = average_pool;
  table[Op::kAveragePoolGradient] = average_pool_gradient;
}

}  // namespace gannet::cuda
