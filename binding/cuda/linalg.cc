#include "cuda/kernel.h"

namespace gannet::cuda {

namespace {

/** a [n,n] -> lower triangular L [n,n] with L L^T = a */
Kernel cholesky(const Step& step, const Build&) {
  count_of(step.output);
  return {[step](const Run& run) {
    kernels::cholesky({.l = run.output(step.output), .a = run.input(step.inputs[0]), .n = to_int(step.output.shape[0])}, run.stream);
  }};
}

}  // namespace

void add_linalg_kernels(KernelTable& table) { table[Op::kCholesky] = cholesky; }

}  // namespace gannet::cuda
