#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuda/kernel.h"
#include "cuda/runtime.h"

namespace gannet::cuda {

/** Memory that the programs of a device share, since nothing in it outlives a run. */
struct SharedMemory {
  DeviceMemory arena, workspace;
  /** One IndexError; `found` is 0 between runs. */
  DeviceMemory index_error;
  /** Changes whenever one of them moves, so that recorded graphs are known to be out of date. */
  int generation = 0;

  void grow(size_t arena_bytes, size_t workspace_bytes, const Stream& stream);
};

/** How a device runs its programs. */
struct Settings {
  kernels::Precision precision;
  kernels::GpuLimits gpu;
  /** Waits after every launch, so that a failure is blamed on the step that caused it. */
  bool synchronous;
  /** Fills what a step is about to write with NaN, so that elements it leaves out show. */
  bool poisons_outputs;
};

/** A program made ready: kernels, buffers for its feeds and outputs, and the graph of the whole once it has run. */
class LoadedProgram {
 public:
  /** @throws Error `op_unsupported`, `shape_unsupported` */
  LoadedProgram(std::shared_ptr<const Program> program, std::vector<int64_t> variables, const Settings& settings);

  const Program& program() const { return *program_; }
  const std::vector<int64_t>& variables() const { return variables_; }
  size_t workspace_bytes() const { return workspace_bytes_; }

  /** Starts copying feeds to the device; the arrays may change afterwards. */
  void copy_feeds(const std::vector<const void*>& feeds, const Stream& stream);

  /** Queues the whole program as one graph, recording it first if it is new or memory has moved. */
  void replay(const SharedMemory& memory, const std::vector<char*>& variables, const Stream& stream);

  /** Runs step by step; `cancelled` is asked before each. `step_ms`, unless null, receives the milliseconds of each step;
   *  the first of several steps that run as one gets the time of all. */
  template <typename Cancelled>
  void run_steps(const SharedMemory& memory, const std::vector<char*>& variables, const Stream& stream, Cancelled cancelled,
                 std::vector<double>* step_ms) {
    const Run run = run_with(memory, variables, stream);
    std::vector<Event> events(step_ms ? kernels_.size() + 1 : 0);
    if (step_ms) events[0].record(stream);
    for (size_t i = 0; i < kernels_.size(); i++) {
      cancelled();
      queue_kernel(i, run);
      if (settings_.synchronous) finish_kernel(i, stream);
      if (step_ms) events[i + 1].record(stream);
    }
    if (!step_ms) return;
    events.back().wait();
    for (size_t i = 0; i < kernels_.size(); i++) {
      step_ms->push_back(events[i + 1].since(events[i]));
      step_ms->resize(first_steps_[i + 1], 0);
    }
  }

  /** Whether a run must be waited for, because it copies something back. */
  bool answers(const std::vector<void*>& outputs) const { return looks_up_ || !outputs.empty(); }
  /** Copies the outputs back and waits for them. @throws Error `index_out_of_range` if a step met one */
  void copy_outputs(const std::vector<void*>& outputs, const SharedMemory& memory, const std::vector<char*>& variables, const Stream& stream);

 private:
  Run run_with(const SharedMemory& memory, const std::vector<char*>& variables, const Stream& stream) const;
  void place_kernels();
  void place_buffers();
  void check_indices(const SharedMemory& memory, const Stream& stream) const;
  void queue_kernel(size_t index, const Run& run) const;
  void finish_kernel(size_t index, const Stream& stream) const;
  /** Fills with NaN what a kernel writes, but for what it reads. */
  void poison(size_t index, const Run& run) const;

  std::shared_ptr<const Program> program_;
  std::vector<int64_t> variables_;
  Settings settings_;
  std::vector<Kernel> kernels_;
  /** The first step of each kernel, and the number of steps. */
  std::vector<size_t> first_steps_;
  size_t workspace_bytes_ = 0;
  bool looks_up_ = false;

  DeviceMemory feeds_;
  PinnedMemory staged_feeds_;
  std::vector<size_t> feed_offsets_;
  std::vector<const char*> feed_addresses_;
  /** Passed once the staged feeds have been copied and may be overwritten. */
  Event feeds_taken_;
  PinnedMemory staged_outputs_;
  std::vector<size_t> output_offsets_;

  Graph graph_;
  int graph_generation_ = -1;
};

}  // namespace gannet::cuda
