#pragma once

#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string_view>
#include <vector>

#include "kernels.h"
#include "op_rules.h"
#include "program.h"

namespace gannet::cuda {

class Event;
class RankSums;

/** A variable in device memory. */
struct VariableMemory {
  char* data;
  /** What the data are as bfloat16, at any time; null if no program reads them so. */
  char* copy = nullptr;
};

/** Device memory of one run of a program, and the stream it is queued on. */
struct Run {
  char* arena;
  const std::vector<const char*>& feeds;
  const std::vector<VariableMemory>& variables;
  /** Scratch memory for the step that runs now, aligned to 256 bytes. */
  char* workspace;
  /** Where lookups report an index that is out of range. */
  kernels::IndexError* index_error;
  cudaStream_t stream;
  /** Sums over the ranks that run the same; null for a process by itself. */
  const RankSums* sums = nullptr;

  template <typename T = float>
  const T* input(const Slot& slot) const {
    return reinterpret_cast<const T*>(address(slot));
  }
  template <typename T = float>
  T* output(const Slot& slot) const {
    return reinterpret_cast<T*>(const_cast<char*>(address(slot)));
  }

  const VariableMemory& variable(const Slot& slot) const { return variables[static_cast<size_t>(slot.offset)]; }

  const char* address(const Slot& slot) const {
    switch (slot.storage) {
      case Storage::kFeed: return feeds[static_cast<size_t>(slot.offset)];
      case Storage::kVariable: return slot.dtype == DType::kBfloat16 ? variable(slot).copy : variable(slot).data;
      default: return arena + slot.offset;
    }
  }
};

/** What a product does with its sums on their way to memory, besides writing them. */
enum class EpilogueKind { kNone, kExpression, kStatistics };

/** One step made ready, or several that one launch does: `queue` puts their launches on the run's stream. */
struct Kernel {
  std::function<void(const Run&)> queue;
  /** Bytes of scratch memory that each launch but the last leaves for the next, one behind the other. */
  std::vector<size_t> scratch = {};
  /** Whether it may report an index that is out of range. */
  bool looks_up = false;
  /** How many steps of the program it does, from its own on. */
  size_t steps = 1;
  /** Of a product. The step after its own is then the expression or the statistics. */
  EpilogueKind epilogue = EpilogueKind::kNone;
  /** Which of its launches writes the result of a product: the first, or the second where the reduction is split. */
  size_t result_launch = 0;
  /** Of a sum over ranks: passes when it has ended, which its stream does not wait for. */
  std::shared_ptr<const Event> sum_done = nullptr;

  size_t workspace_bytes() const { return std::accumulate(scratch.begin(), scratch.end(), size_t{0}); }
};

/** What kernels are built for. */
struct Build {
  kernels::Precision precision;
  kernels::GpuLimits gpu;
  const Program& program;
  /** The index of the step in the program. */
  size_t step = 0;

  /** The step that comes `distance` after this one, or null behind the last. */
  const Step* later(size_t distance) const { return step + distance < program.steps.size() ? &program.steps[step + distance] : nullptr; }
};

using KernelFactory = Kernel (*)(const Step&, const Build&);
using KernelTable = std::map<Op, KernelFactory>;

/** Every op of the device. */
const KernelTable& kernel_table();

/** The kernels of a program, each for the steps behind those of the one before.
 *  @throws Error `op_unsupported`, `shape_unsupported`, `precision_unsupported` */
std::vector<Kernel> build_kernels(const Program& program, kernels::Precision precision, const kernels::GpuLimits& gpu);

/** Of each variable of a program, whether a step reads it as bfloat16. */
std::vector<bool> variables_read_as_copies(const Program& program);

/** A size as kernels take it. @throws Error `shape_unsupported` if it needs more than 31 bits */
int to_int(int64_t size);

/** What the elements of a tensor are in memory, as kernels take it. */
inline kernels::Element element_of(const Slot& slot) {
  return slot.dtype == DType::kBfloat16 ? kernels::Element::kBfloat16 : kernels::Element::kFloat32;
}

/** The number of elements of a tensor, as kernels take it. @throws Error `shape_unsupported` */
inline int count_of(const Slot& slot) { return to_int(slot.size()); }

// One function per family adds its ops.
void add_convolution_kernels(KernelTable& table);
void add_matmul_kernels(KernelTable& table);
void add_linalg_kernels(KernelTable& table);
void add_similarity_kernels(KernelTable& table);
void add_expression_kernels(KernelTable& table);
void add_movement_kernels(KernelTable& table);
void add_pooling_kernels(KernelTable& table);
void add_lookup_kernels(KernelTable& table);
void add_random_kernels(KernelTable& table);
void add_rank_kernels(KernelTable& table);
void add_update_kernels(KernelTable& table);

}  // namespace gannet::cuda
