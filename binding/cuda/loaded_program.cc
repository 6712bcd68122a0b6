#include "cuda/loaded_program.h"

#include <algorithm>

#include "cuda/rank_sums.h"
#include "error.h"
#include "launch/launch_error.h"
#include "launch/readiness.h"

namespace gannet::cuda {

namespace {

std::string shapes_of(const Step& step) {
  std::string shapes;
  for (const Slot& input : step.inputs) shapes += to_string(input.shape) + " ";
  return shapes + "-> " + to_string(step.output.shape);
}

/** The exception being handled, blamed on the step. */
Error blamed(const Step& step) {
  try {
    throw;
  } catch (const kernels::LaunchError& error) {
    return Error("kernel_failed", text(error.what(), ", for ", shapes_of(step))).blamed_on(name_of(step.op), step.scope);
  } catch (...) {
    return current_error().blamed_on(name_of(step.op), step.scope);
  }
}

}  // namespace

void SharedMemory::enlarge(DeviceMemory& memory, size_t bytes) {
  if (bytes <= memory.bytes()) return;
  try {
    memory = DeviceMemory(bytes);
    generation++;
    return;
  } catch (const Error& error) {
    if (error.code() != "out_of_memory" || memory.bytes() == 0) throw;
  }
  // There is no room for the old beside the new: without the old there may be. If not, the next run takes what it needs.
  generation++;
  memory = DeviceMemory();
  memory = DeviceMemory(bytes);
}

void SharedMemory::reserve(size_t arena_bytes, size_t workspace_bytes, size_t runs, const Stream& stream) {
  enlarge(arena, arena_bytes);
  enlarge(workspace, workspace_bytes);
  const size_t bytes = runs * sizeof(kernels::IndexError);
  if (bytes <= index_errors.bytes()) return;
  DeviceMemory fresh(bytes);
  check(cudaMemsetAsync(fresh.data(), 0, bytes, stream.get()), "cudaMemsetAsync");
  index_errors = std::move(fresh);
  generation++;
}

LoadedProgram::LoadedProgram(std::shared_ptr<const Program> program, std::vector<int64_t> variables, const Settings& settings)
    : program_(std::move(program)),
      variables_(std::move(variables)),
      copies_(variables_read_as_copies(*program_)),
      settings_(settings),
      kernels_(build_kernels(*program_, settings.precision, settings.gpu)) {
  place_kernels();
  place_waits();
}

void LoadedProgram::place_kernels() {
  first_steps_.push_back(0);
  for (const Kernel& kernel : kernels_) {
    workspace_bytes_ = std::max(workspace_bytes_, kernel.workspace_bytes());
    looks_up_ |= kernel.looks_up;
    first_steps_.push_back(first_steps_.back() + kernel.steps);
  }
}

void LoadedProgram::place_waits() {
  for (size_t i = 0; i < kernels_.size(); i++) {
    if (!kernels_[i].sum_done) continue;
    const Step& sum = program_->steps[first_steps_[i]];
    size_t next = i + 1;
    while (next < kernels_.size() && !meets(next, sum)) next++;
    // Sums end in their order: the newest of several is the last.
    last_sums_[next] = i;
  }
}

bool LoadedProgram::meets(size_t index, const Step& sum) const {
  const Slot& sent = sum.inputs[0];
  const auto first = program_->steps.begin() + static_cast<ptrdiff_t>(first_steps_[index]);
  const auto end = program_->steps.begin() + static_cast<ptrdiff_t>(first_steps_[index + 1]);
  return std::any_of(first, end, [&](const Step& step) {
    const auto overwritten = step.inputs.begin() + static_cast<ptrdiff_t>(step.overwritten());
    return step.output.overlaps(sent) || step.output.overlaps(sum.output) ||
           std::any_of(step.inputs.begin(), overwritten, [&](const Slot& slot) { return slot.overlaps(sent); }) ||
           std::any_of(step.inputs.begin(), step.inputs.end(), [&](const Slot& slot) { return slot.overlaps(sum.output); });
  });
}

void LoadedProgram::wait_for_sum(size_t index, const Run& run) const {
  const auto found = last_sums_.find(index);
  if (run.sums == nullptr || found == last_sums_.end()) return;
  check(cudaStreamWaitEvent(run.stream, kernels_[found->second].sum_done->get(), 0), "cudaStreamWaitEvent");
}

void LoadedProgram::preload(const Run& run) const {
  const kernels::Preloading preloading;
  for (size_t i = 0; i < kernels_.size(); i++) {
    try {
      kernels_[i].queue(run);
    } catch (...) {
      throw blamed(program_->steps[first_steps_[i]]);
    }
  }
}

void LoadedProgram::queue(const Run& run) const {
  for (size_t i = 0; i < kernels_.size(); i++) {
    wait_for_sum(i, run);
    queue_kernel(i, run);
  }
  wait_for_sum(kernels_.size(), run);
}

void LoadedProgram::expect_none(const kernels::IndexError& error) const {
  if (!error.found) return;
  const Step& step = program_->steps[static_cast<size_t>(error.step)];
  throw Error("index_out_of_range", text("index ", error.position, " is ", error.value, ", but must be from 0 to ", error.rows - 1))
      .blamed_on(name_of(step.op), step.scope);
}

void LoadedProgram::poison(size_t index, const Run& run) const {
  constexpr int kNan = 0xFF;
  const size_t workspace_bytes = kernels_[index].workspace_bytes();
  if (workspace_bytes > 0) check(cudaMemsetAsync(run.workspace, kNan, workspace_bytes, run.stream), "cudaMemsetAsync");
  const auto first = program_->steps.begin() + static_cast<ptrdiff_t>(first_steps_[index]);
  const auto end = program_->steps.begin() + static_cast<ptrdiff_t>(first_steps_[index + 1]);
  // What one of the steps leaves for a later one of them never reaches memory.
  const auto reads = [&](auto step, const Slot& slot) {
    const auto made_here = [&](const Slot& input) {
      return std::any_of(first, step, [&](const Step& earlier) { return earlier.output.overlaps(input); });
    };
    return std::any_of(step->inputs.begin(), step->inputs.end(),
                       [&](const Slot& input) { return slot.overlaps(input) && !made_here(input); });
  };
  const auto is_read = [&](const Slot& slot) {
    for (auto step = first; step != end; step++) {
      if (reads(step, slot)) return true;
    }
    return false;
  };
  for (auto step = first; step != end; step++) {
    if (is_read(step->output)) continue;
    check(cudaMemsetAsync(run.output(step->output), kNan, static_cast<size_t>(step->output.bytes()), run.stream), "cudaMemsetAsync");
  }
}

void LoadedProgram::queue_kernel(size_t index, const Run& run) const {
  try {
    if (settings_.poisons_outputs) poison(index, run);
    kernels_[index].queue(run);
  } catch (...) {
    throw blamed(program_->steps[first_steps_[index]]);
  }
}

void LoadedProgram::finish_kernel(size_t index, const Stream& stream) const {
  try {
    stream.synchronize();
  } catch (...) {
    throw blamed(program_->steps[first_steps_[index]]);
  }
}

}  // namespace gannet::cuda
