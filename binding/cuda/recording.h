#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "cuda/loaded_program.h"
#include "device.h"

namespace gannet::cuda {

/** One of the runs of a step. */
struct StepRun {
  int64_t program = 0;
  /** Whether its outputs are copied back. */
  bool fetches = false;

  auto operator<=>(const StepRun&) const = default;  // NOLINT(modernize-use-nullptr): what it takes for a 0 is the operator
};

/** The runs of a step in order: steps with equal ones share a recording. */
using StepRuns = std::vector<StepRun>;

/** The runs of a step, one after another: buffers for the feeds and outputs of each, and one graph of all once they have run. */
class Recording {
 public:
  /** @param sums those of the device with other ranks' devices; null for a process by itself */
  Recording(const StepRuns& runs, const std::vector<const LoadedProgram*>& programs, const RankSums* sums);

  /** Whether it has sums over ranks. */
  bool sums_over_ranks() const { return sums_over_ranks_; }

  /** Makes room for the step. @throws Error `out_of_memory` */
  void reserve(SharedMemory& memory, const Stream& stream) const;

  /** Starts copying the feeds of all runs to the device; the arrays may change afterwards. */
  void copy_feeds(const std::vector<Call>& calls, const Stream& stream);

  /** `variables` are those of each run's program. Queues the whole step as one graph, recording it first if it is new or memory has
   *  moved. A step with sums over ranks is queued without a graph the first time, since NCCL connects the ranks while it does so.
   *  Returns whether a graph was started. */
  bool replay(const SharedMemory& memory, const std::vector<std::vector<VariableMemory>>& variables, const Stream& stream);

  /** Runs step by step, as LoadedProgram::run_steps; `step_ms`, unless null, receives a list for each run. */
  template <typename Cancelled>
  void run_steps(const SharedMemory& memory, const std::vector<std::vector<VariableMemory>>& variables, const Stream& stream,
                 Cancelled cancelled, std::vector<std::vector<double>>* step_ms) const {
    for (size_t i = 0; i < runs_.size(); i++) {
      const Run run = run_with(i, memory, variables[i], stream);
      runs_[i].program->run_steps(run, stream, cancelled, step_ms ? &step_ms->emplace_back() : nullptr);
      queue_outputs(i, run);
    }
  }

  /** Waits for the step if it copies something back, and hands that out.
   *  @throws Error `index_out_of_range` if a run met one */
  void take_outputs(const std::vector<Call>& calls, const SharedMemory& memory, const Stream& stream) const;

 private:
  struct Planned {
    const LoadedProgram* program;
    /** Where its feeds lie among those of the step, and its outputs if they are fetched. */
    std::vector<size_t> feed_offsets, output_offsets;
    std::vector<const char*> feeds;
  };

  Run run_with(size_t index, const SharedMemory& memory, const std::vector<VariableMemory>& variables, const Stream& stream) const;
  void queue_outputs(size_t index, const Run& run) const;
  void queue_all(const SharedMemory& memory, const std::vector<std::vector<VariableMemory>>& variables, const Stream& stream) const;
  void check_indices(const SharedMemory& memory, const Stream& stream) const;

  std::vector<Planned> runs_;
  const RankSums* sums_;
  bool looks_up_ = false, sums_over_ranks_ = false, is_connected_ = false;
  DeviceMemory feeds_;
  PinnedMemory staged_feeds_, staged_outputs_;
  /** Passed once the staged feeds have been copied and may be overwritten. */
  Event feeds_taken_;
  Graph graph_;
  int graph_generation_ = -1;
};

}  // namespace gannet::cuda
