#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cuda/kernel.h"
#include "cuda/runtime.h"

namespace gannet::cuda {

/** Memory that the programs of a device share, since nothing in it outlives a run. */
struct SharedMemory {
  DeviceMemory arena, workspace;
  /** An IndexError for each run of a step; `found` is 0 between steps. */
  DeviceMemory index_errors;
  /** Changes whenever one of them moves or a variable gets a bfloat16 copy, so that recorded graphs are known to be out of date. */
  int generation = 0;

  /** Makes room for a step of so many runs, whatever was there before.
   *  @throws Error `out_of_memory`, after which there may be less than before */
  void reserve(size_t arena_bytes, size_t workspace_bytes, size_t runs, const Stream& stream);

 private:
  void enlarge(DeviceMemory& memory, size_t bytes);
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

/** A program made ready: its kernels, and what they need. */
class LoadedProgram {
 public:
  /** @throws Error `op_unsupported`, `shape_unsupported` */
  LoadedProgram(std::shared_ptr<const Program> program, std::vector<int64_t> variables, const Settings& settings);

  const Program& program() const { return *program_; }
  const std::vector<int64_t>& variables() const { return variables_; }
  /** Whether it reads the variable with this index as bfloat16. */
  bool reads_copy(size_t variable) const { return copies_[variable]; }
  size_t workspace_bytes() const { return workspace_bytes_; }
  /** Whether it may meet an index that is out of range. */
  bool looks_up() const { return looks_up_; }
  /** Whether it has sums over ranks. */
  bool sums_over_ranks() const { return !last_sums_.empty(); }

  /** Loads the code of every kernel, so that no run has to wait for it. @throws Error `kernel_failed` */
  void preload(const Run& run) const;

  /** Queues every kernel. */
  void queue(const Run& run) const;

  /** Runs step by step; `cancelled` is asked before each. `step_ms`, unless null, receives the milliseconds of each step;
   *  the first of several steps that run as one gets the time of all. */
  template <typename Cancelled>
  void run_steps(const Run& run, const Stream& stream, Cancelled cancelled, std::vector<double>* step_ms) const {
    std::vector<Event> events(step_ms ? kernels_.size() + 1 : 0);
    if (step_ms) events[0].record(stream);
    for (size_t i = 0; i < kernels_.size(); i++) {
      cancelled();
      queue_kernel(i, run);
      if (run.sums && kernels_[i].sum_done) stream.follow(*kernels_[i].sum_done);
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

  /** @throws Error `index_out_of_range`, blamed on the step that met it, if there is one */
  void expect_none(const kernels::IndexError& error) const;

 private:
  void place_kernels();
  void place_waits();
  /** Whether a kernel must wait for the sum that another one begins, since it reads the result or writes what the sum still reads. */
  bool meets(size_t index, const Step& sum) const;
  void wait_for_sum(size_t index, const Run& run) const;
  void queue_kernel(size_t index, const Run& run) const;
  void finish_kernel(size_t index, const Stream& stream) const;
  /** Fills with NaN what a kernel writes, but for what it reads. */
  void poison(size_t index, const Run& run) const;

  std::shared_ptr<const Program> program_;
  std::vector<int64_t> variables_;
  std::vector<bool> copies_;
  Settings settings_;
  std::vector<Kernel> kernels_;
  /** The first step of each kernel, and the number of steps. */
  std::vector<size_t> first_steps_;
  /** Which sum over ranks must have ended before each kernel, and before the program has: the index of its kernel. */
  std::map<size_t, size_t> last_sums_;
  size_t workspace_bytes_ = 0;
  bool looks_up_ = false;
};

}  // namespace gannet::cuda
