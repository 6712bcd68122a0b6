#include "cuda/kernel.h"

#include <algorithm>
#include <limits>

#include "error.h"

namespace gannet::cuda {

const KernelTable& kernel_table() {
  static const KernelTable table = [] {
    KernelTable result;
    add_convolution_kernels(result);
    add_matmul_kernels(result);
    add_linalg_kernels(result);
    add_similarity_kernels(result);
    add_expression_kernels(result);
    add_movement_kernels(result);
    add_pooling_kernels(result);
    add_lookup_kernels(result);
    add_random_kernels(result);
    add_rank_kernels(result);
    add_update_kernels(result);
    return result;
  }();
  return table;
}

namespace {

/** Values kept as bfloat16 come with products in bfloat16, and with no others. */
void expect_precision(const Step& step, kernels::Precision precision) {
  const auto is_bfloat16 = [](const Slot& slot) { return slot.dtype == DType::kBfloat16; };
  if (precision == kernels::Precision::kBfloat16) return;
  if (!is_bfloat16(step.output) && std::none_of(step.inputs.begin(), step.inputs.end(), is_bfloat16)) return;
  throw Error("precision_unsupported", "only a device of precision 'bfloat16' keeps values as bfloat16");
}

}  // namespace

std::vector<Kernel> build_kernels(const Program& program, kernels::Precision precision, const kernels::GpuLimits& gpu) {
  std::vector<Kernel> result;
  Build build{precision, gpu, program};
  while (build.step < program.steps.size()) {
    const Step& step = program.steps[build.step];
    const auto found = kernel_table().find(step.op);
    try {
      expect_precision(step, precision);
      if (found == kernel_table().end()) throw Error("op_unsupported", "the CUDA kernels do not cover this op");
      result.push_back(found->second(step, build));
    } catch (...) {
      throw current_error().blamed_on(name_of(step.op), step.scope);
    }
    build.step += result.back().steps;
  }
  return result;
}

std::vector<bool> variables_read_as_copies(const Program& program) {
  std::vector<bool> result(program.variables.size());
  for (const Step& step : program.steps) {
    for (const Slot& input : step.inputs) {
      if (input.storage == Storage::kVariable && input.dtype == DType::kBfloat16) result[static_cast<size_t>(input.offset)] = true;
    }
  }
  return result;
}

int to_int(int64_t size) {
  if (size > std::numeric_limits<int>::max()) {
    throw Error("shape_unsupported", text("the kernels count in 31 bits, but a size is ", size, "; use a smaller batch"));
  }
  return static_cast<int>(size);
}

}  // namespace gannet::cuda
