#include "cuda/kernel.h"
#include "cuda/rank_sums.h"
#include "launch/readiness.h"

namespace gannet::cuda {

namespace {

/** Any shape -> the same, float32 or int32, summed over all ranks; a copy in a process that computes alone. */
Kernel all_reduce(const Step& step, const Build&) {
  const auto done = std::make_shared<const Event>();
  const auto queue = [input = step.inputs[0], output = step.output, total = count_of(step.output), done](const Run& run) {
    using Bits = uint32_t;
    if (run.sums == nullptr || kernels::Preloading::active()) {
      kernels::copy(kernels::contiguous_copy(run.output<Bits>(output), run.input<Bits>(input), total), run.stream);
    } else {
      run.sums->queue(run.address(input), run.output(output), output, run.stream, *done);
    }
  };
  return {.queue = queue, .sum_done = done};
}

}  // namespace

void add_rank_kernels(KernelTable& table) { table[Op::kAllReduce] = all_reduce; }

}  // namespace gannet::cuda
