#include "cuda/recording.h"

#include <algorithm>
#include <cstring>

#include "error.h"
#include "launch/launch_error.h"

namespace gannet::cuda {

namespace {

/** Alignment of feeds, that of the runtime's own allocations. */
constexpr size_t kBufferAlignment = 256;

/** Takes the next place of so many bytes. */
size_t place(size_t& end, int64_t bytes) {
  const size_t offset = end;
  end += (static_cast<size_t>(bytes) + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
  return offset;
}

}  // namespace

Recording::Recording(const StepRuns& runs, const std::vector<const LoadedProgram*>& programs, const RankSums* sums) : sums_(sums) {
  size_t feed_bytes = 0, output_bytes = 0;
  for (size_t i = 0; i < runs.size(); i++) {
    Planned run{.program = programs[i], .feed_offsets = {}, .output_offsets = {}, .feeds = {}};
    const Program& program = run.program->program();
    for (const Binding& feed : program.feeds) run.feed_offsets.push_back(place(feed_bytes, feed.bytes()));
    if (runs[i].fetches) {
      for (const Output& output : program.outputs) run.output_offsets.push_back(place(output_bytes, output.slot.bytes()));
    }
    looks_up_ |= run.program->looks_up();
    sums_over_ranks_ |= sums != nullptr && run.program->sums_over_ranks();
    runs_.push_back(std::move(run));
  }
  feeds_ = DeviceMemory(feed_bytes);
  staged_feeds_ = PinnedMemory(feed_bytes);
  staged_outputs_ = PinnedMemory(output_bytes);
  for (Planned& run : runs_) {
    for (const size_t offset : run.feed_offsets) run.feeds.push_back(feeds_.data() + offset);
  }
}

void Recording::reserve(SharedMemory& memory, const Stream& stream) const {
  size_t arena_bytes = 0, workspace_bytes = 0;
  for (const Planned& run : runs_) {
    arena_bytes = std::max(arena_bytes, static_cast<size_t>(run.program->program().arena_bytes));
    workspace_bytes = std::max(workspace_bytes, run.program->workspace_bytes());
  }
  memory.reserve(arena_bytes, workspace_bytes, runs_.size(), stream);
}

void Recording::copy_feeds(const std::vector<Call>& calls, const Stream& stream) {
  if (feeds_.bytes() == 0) return;
  feeds_taken_.wait();
  for (size_t i = 0; i < runs_.size(); i++) {
    const std::vector<Binding>& feeds = runs_[i].program->program().feeds;
    for (size_t j = 0; j < feeds.size(); j++) {
      std::memcpy(staged_feeds_.data() + runs_[i].feed_offsets[j], calls[i].feeds[j], static_cast<size_t>(feeds[j].bytes()));
    }
  }
  check(cudaMemcpyAsync(feeds_.data(), staged_feeds_.data(), feeds_.bytes(), cudaMemcpyHostToDevice, stream.get()), "cudaMemcpyAsync");
  feeds_taken_.record(stream);
}

Run Recording::run_with(size_t index, const SharedMemory& memory, const std::vector<VariableMemory>& variables,
                        const Stream& stream) const {
  return {.arena = memory.arena.data(),
          .feeds = runs_[index].feeds,
          .variables = variables,
          .workspace = memory.workspace.data(),
          .index_error = reinterpret_cast<kernels::IndexError*>(memory.index_errors.data()) + index,
          .stream = stream.get(),
          .sums = sums_};
}

void Recording::queue_outputs(size_t index, const Run& run) const {
  const Planned& planned = runs_[index];
  for (size_t i = 0; i < planned.output_offsets.size(); i++) {
    const Slot& slot = planned.program->program().outputs[i].slot;
    check(cudaMemcpyAsync(staged_outputs_.data() + planned.output_offsets[i], run.address(slot), static_cast<size_t>(slot.bytes()),
                          cudaMemcpyDeviceToHost, run.stream),
          "cudaMemcpyAsync");
  }
}

void Recording::queue_all(const SharedMemory& memory, const std::vector<std::vector<VariableMemory>>& variables,
                          const Stream& stream) const {
  for (size_t i = 0; i < runs_.size(); i++) {
    const Run run = run_with(i, memory, variables[i], stream);
    runs_[i].program->queue(run);
    queue_outputs(i, run);
  }
}

bool Recording::replay(const SharedMemory& memory, const std::vector<std::vector<VariableMemory>>& variables, const Stream& stream) {
  if (sums_over_ranks_ && !is_connected_) {
    queue_all(memory, variables, stream);
    is_connected_ = true;
    return false;
  }
  if (!graph_ || graph_generation_ != memory.generation) {
    graph_ = Graph();
    graph_ = Graph::capture(stream, [&] { queue_all(memory, variables, stream); });
    graph_generation_ = memory.generation;
  }
  try {
    graph_.launch(stream);
  } catch (const kernels::LaunchError& error) {
    throw Error("kernel_failed", error.what());
  }
  return true;
}

void Recording::check_indices(const SharedMemory& memory, const Stream& stream) const {
  std::vector<kernels::IndexError> errors(runs_.size());
  const size_t bytes = errors.size() * sizeof(kernels::IndexError);
  check(cudaMemcpyAsync(errors.data(), memory.index_errors.data(), bytes, cudaMemcpyDeviceToHost, stream.get()), "cudaMemcpyAsync");
  stream.synchronize();
  if (std::none_of(errors.begin(), errors.end(), [](const kernels::IndexError& error) { return error.found; })) return;
  check(cudaMemsetAsync(memory.index_errors.data(), 0, bytes, stream.get()), "cudaMemsetAsync");
  for (size_t i = 0; i < runs_.size(); i++) runs_[i].program->expect_none(errors[i]);
}

void Recording::take_outputs(const std::vector<Call>& calls, const SharedMemory& memory, const Stream& stream) const {
  const bool answers = std::any_of(calls.begin(), calls.end(), [](const Call& call) { return !call.outputs.empty(); });
  if (!answers && !looks_up_) return;
  stream.synchronize();
  if (looks_up_) check_indices(memory, stream);
  for (size_t i = 0; i < runs_.size(); i++) {
    for (size_t j = 0; j < calls[i].outputs.size(); j++) {
      const size_t bytes = static_cast<size_t>(runs_[i].program->program().outputs[j].slot.bytes());
      std::memcpy(calls[i].outputs[j], staged_outputs_.data() + runs_[i].output_offsets[j], bytes);
    }
  }
}

}  // namespace gannet::cuda
