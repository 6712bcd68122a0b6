#include <algorithm>

#include "cpu/kernel.h"
#include "ranks.h"

namespace gannet {

namespace {

template <typename T>
Kernel sum_over_ranks(const Slot& input, const Slot& output) {
  return {[input, output](const Run& run) {
    std::copy_n(run.input<T>(input), output.size(), run.output<T>(output));
    all_reduce(run.output<T>(output), output.size());
  }};
}

/** Any shape -> the same, float32 or int32. The result may not alias the operand. */
Kernel all_reduce_kernel(const Step& step, Build&) {
  const Slot& input = step.inputs[0];
  return step.output.dtype == DType::kInt32 ? sum_over_ranks<int32_t>(input, step.output) : sum_over_ranks<float>(input, step.output);
}

}  // namespace

void add_rank_kernels(KernelTable& table) { table[Op::kAllReduce] = all_reduce_kernel; }

}  // namespace gannet
