#include "cuda/planned_launches.h"

#if defined(GANNET_SIMT)

#include "simt/recorder.h"

namespace gannet::cuda {

namespace {

/** Stands for memory in launches that never run: aligned as real memory is, and far from null. */
// NOLINTNEXTLINE(performance-no-int-to-ptr)
char* pretended_address(int64_t index) { return reinterpret_cast<char*>((index + 1) << 40); }

std::vector<const char*> pretended_addresses(size_t count, int64_t first) {
  std::vector<const char*> addresses;
  for (size_t i = 0; i < count; i++) addresses.push_back(pretended_address(first + static_cast<int64_t>(i)));
  return addresses;
}

std::vector<VariableMemory> pretended_variables(const Program& program, int64_t first) {
  std::vector<VariableMemory> variables;
  for (const bool has_copy : variables_read_as_copies(program)) {
    char* data = pretended_address(first++);
    variables.push_back({data, has_copy ? pretended_address(first++) : nullptr});
  }
  return variables;
}

const char* name_of(EpilogueKind kind) {
  switch (kind) {
    case EpilogueKind::kExpression: return "expression";
    case EpilogueKind::kStatistics: return "statistics";
    default: return "none";
  }
}

/** The steps, counted from the kernel's first, whose results one of its launches writes. */
std::vector<size_t> results_of(const Kernel& kernel, size_t launch, size_t launches) {
  std::vector<size_t> results;
  for (size_t step = 0; step < kernel.steps; step++) {
    const bool is_product = step == 0 && kernel.epilogue != EpilogueKind::kNone;
    // What an expression is applied to never reaches memory.
    if (is_product && kernel.epilogue == EpilogueKind::kExpression) continue;
    if (launch == (is_product ? kernel.result_launch : launches - 1)) results.push_back(step);
  }
  return results;
}

int64_t volume(dim3 size) { return int64_t{size.x} * size.y * size.z; }

}  // namespace

std::vector<PlannedLaunch> plan_launches(const Program& program, kernels::Precision precision, const kernels::GpuLimits& gpu) {
  const auto feeds = pretended_addresses(program.feeds.size(), 8);
  const std::vector<VariableMemory> variables = pretended_variables(program, 8 + static_cast<int64_t>(feeds.size()));
  const Run run{
      pretended_address(0), feeds, variables, pretended_address(1), reinterpret_cast<kernels::IndexError*>(pretended_address(2)), nullptr};
  std::vector<PlannedLaunch> result;
  size_t step = 0;
  for (const Kernel& kernel : build_kernels(program, precision, gpu)) {
    simt::LaunchRecorder recorder;
    kernel.queue(run);
    const size_t count = recorder.launches.size();
    const auto left_by = [&](size_t i) { return i + 1 < count && i < kernel.scratch.size() ? static_cast<int64_t>(kernel.scratch[i]) : 0; };
    for (size_t i = 0; i < count; i++) {
      const simt::LaunchRecord& launch = recorder.launches[i];
      result.push_back({.step = step,
                        .steps = kernel.steps,
                        .epilogue = name_of(kernel.epilogue),
                        .results = results_of(kernel, i, count),
                        .symbol = launch.symbol,
                        .blocks = volume(launch.grid),
                        .threads = volume(launch.block),
                        .shared_bytes = static_cast<int64_t>(launch.shared_bytes),
                        .scratch_read = i > 0 ? left_by(i - 1) : 0,
                        .scratch_written = left_by(i)});
    }
    step += kernel.steps;
  }
  return result;
}

}  // namespace gannet::cuda

#endif
