#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "cpu/onednn.h"
#include "cpu/packing.h"
#include "cpu/vector/kernels.h"
#include "op_rules.h"
#include "program.h"

namespace gannet {

/** Memory of one run of a program. */
struct Run {
  char* arena;
  const std::vector<const void*>& feeds;
  const std::vector<void*>& variables;
  /** Scratch memory for the step that runs now. */
  char* workspace;
  /** Filters kept in another layout between steps. */
  char* packed;
  int threads;

  template <typename T>
  const T* input(const Slot& slot) const {
    return static_cast<const T*>(address(slot));
  }
  template <typename T>
  T* output(const Slot& slot) const {
    return static_cast<T*>(const_cast<void*>(address(slot)));
  }

 private:
  const void* address(const Slot& slot) const {
    switch (slot.storage) {
      case Storage::kFeed: return feeds[static_cast<size_t>(slot.offset)];
      case Storage::kVariable: return variables[static_cast<size_t>(slot.offset)];
      default: return arena + slot.offset;
    }
  }
};

class Divisible;

/** One step made ready. `run` may throw Error. */
struct Kernel {
  std::function<void(const Run&)> run;
  size_t workspace_bytes = 0;
  /** The same step for runs in parts, or null. */
  std::shared_ptr<const Divisible> divisible = nullptr;
};

/** What kernels are built with. */
struct Build {
  const VectorKernels& vector;
  OneDnn& dnn;
  PackedFilters& packed;
  int threads;
};

using KernelFactory = Kernel (*)(const Step&, Build&);
using KernelTable = std::map<Op, KernelFactory>;

/** Every op of the CPU device. */
const KernelTable& kernel_table();

// One function per family adds its ops.
void add_expression_kernels(KernelTable& table);
void add_reduce_kernels(KernelTable& table);
void add_movement_kernels(KernelTable& table);
void add_matmul_kernels(KernelTable& table);
void add_convolution_kernels(KernelTable& table);
void add_pooling_kernels(KernelTable& table);
void add_gather_kernels(KernelTable& table);
void add_linalg_kernels(KernelTable& table);
void add_similarity_kernels(KernelTable& table);
void add_random_kernels(KernelTable& table);
void add_update_kernels(KernelTable& table);
void add_rank_kernels(KernelTable& table);

}  // namespace gannet
