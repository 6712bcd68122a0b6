#include "cuda/loaded_program.h"

#include <algorithm>
#include <cstring>

#include "error.h"
#include "launch_error.h"

namespace gannet::cuda {

namespace {

/** Alignment of feeds and workspaces, that of the runtime's own allocations. */
constexpr size_t kBufferAlignment = 256;

size_t aligned(size_t bytes) { return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment; }

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
    return Error("kernel_failed", text(error.what(), ", for ", shapes_of(step))).blamed_on(step.op, step.scope);
  } catch (...) {
    return current_error().blamed_on(step.op, step.scope);
  }
}

}  // namespace

void SharedMemory::grow(size_t arena_bytes, size_t workspace_bytes, const Stream& stream) {
  generation += arena.grow(arena_bytes);
  generation += workspace.grow(workspace_bytes);
  if (!index_error.grow(sizeof(kernels::IndexError))) return;
  generation++;
  check(cudaMemsetAsync(index_error.data(), 0, index_error.bytes(), stream.get()), "cudaMemsetAsync");
}

LoadedProgram::LoadedProgram(std::shared_ptr<const Program> program, std::vector<int64_t> variables, const Settings& settings)
    : program_(std::move(program)), variables_(std::move(variables)), settings_(settings), kernels_(build_kernels(*program_, settings.precision, settings.gpu)) {
  place_kernels();
  place_buffers();
}

void LoadedProgram::place_kernels() {
  first_steps_.push_back(0);
  for (const Kernel& kernel : kernels_) {
    workspace_bytes_ = std::max(workspace_bytes_, kernel.workspace_bytes());
    looks_up_ |= kernel.looks_up;
    first_steps_.push_back(first_steps_.back() + kernel.steps);
  }
}

void LoadedProgram::place_buffers() {
  size_t feed_bytes = 0, output_bytes = 0;
  for (const Binding& feed : program_->feeds) {
    feed_offsets_.push_back(feed_bytes);
    feed_bytes += aligned(static_cast<size_t>(feed.bytes()));
  }
  for (const Output& output : program_->outputs) {
    output_offsets_.push_back(output_bytes);
    output_bytes += aligned(static_cast<size_t>(output.slot.bytes()));
  }
  feeds_ = DeviceMemory(feed_bytes);
  staged_feeds_ = PinnedMemory(feed_bytes);
  staged_outputs_ = PinnedMemory(output_bytes);
  for (const size_t offset : feed_offsets_) feed_addresses_.push_back(feeds_.data() + offset);
}

void LoadedProgram::check_indices(const SharedMemory& memory, const Stream& stream) const {
  kernels::IndexError error{};
  check(cudaMemcpyAsync(&error, memory.index_error.data(), sizeof(error), cudaMemcpyDeviceToHost, stream.get()), "cudaMemcpyAsync");
  stream.synchronize();
  if (!error.found) return;
  check(cudaMemsetAsync(memory.index_error.data(), 0, sizeof(error), stream.get()), "cudaMemsetAsync");
  const Step& step = program_->steps[static_cast<size_t>(error.step)];
  throw Error("index_out_of_range", text("index ", error.position, " is ", error.value, ", but must be from 0 to ", error.rows - 1))
      .blamed_on(step.op, step.scope);
}

void LoadedProgram::copy_feeds(const std::vector<const void*>& feeds, const Stream& stream) {
  if (feeds.empty()) return;
  feeds_taken_.wait();
  for (size_t i = 0; i < feeds.size(); i++) {
    std::memcpy(staged_feeds_.data() + feed_offsets_[i], feeds[i], static_cast<size_t>(program_->feeds[i].bytes()));
  }
  check(cudaMemcpyAsync(feeds_.data(), staged_feeds_.data(), feeds_.bytes(), cudaMemcpyHostToDevice, stream.get()), "cudaMemcpyAsync");
  feeds_taken_.record(stream);
}

Run LoadedProgram::run_with(const SharedMemory& memory, const std::vector<char*>& variables, const Stream& stream) const {
  return {memory.arena.data(), feed_addresses_, variables, memory.workspace.data(),
          reinterpret_cast<kernels::IndexError*>(memory.index_error.data()), stream.get()};
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
    return std::any_of(step->inputs.begin(), step->inputs.end(), [&](const Slot& input) { return slot.overlaps(input) && !made_here(input); });
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

void LoadedProgram::replay(const SharedMemory& memory, const std::vector<char*>& variables, const Stream& stream) {
  if (kernels_.empty()) return;
  if (!graph_ || graph_generation_ != memory.generation) {
    const Run run = run_with(memory, variables, stream);
    graph_ = Graph();
    graph_ = Graph::capture(stream, [&] {
      for (size_t i = 0; i < kernels_.size(); i++) queue_kernel(i, run);
    });
    graph_generation_ = memory.generation;
  }
  try {
    graph_.launch(stream);
  } catch (const kernels::LaunchError& error) {
    throw Error("kernel_failed", error.what());
  }
}

void LoadedProgram::copy_outputs(const std::vector<void*>& outputs, const SharedMemory& memory, const std::vector<char*>& variables,
                                 const Stream& stream) {
  const Run run = run_with(memory, variables, stream);
  for (size_t i = 0; i < outputs.size(); i++) {
    const Slot& slot = program_->outputs[i].slot;
    check(cudaMemcpyAsync(staged_outputs_.data() + output_offsets_[i], run.address(slot), static_cast<size_t>(slot.bytes()),
                          cudaMemcpyDeviceToHost, stream.get()),
          "cudaMemcpyAsync");
  }
  stream.synchronize();
  if (looks_up_) check_indices(memory, stream);
  for (size_t i = 0; i < outputs.size(); i++) {
    std::memcpy(outputs[i], staged_outputs_.data() + output_offsets_[i], static_cast<size_t>(program_->outputs[i].slot.bytes()));
  }
}

}  // namespace gannet::cuda
