#pragma once

#include "expressions/activation_formulas.h"
#include "products/tile.cuh"

// The epilogue of a product: what happens to its sums on their way to memory.
//
// When a block has computed its sums, it puts them into shared memory, in place of its operands. Then each thread takes four neighbouring
// columns at a time, applies the epilogue's expression, and writes 16 bytes. It does not matter which thread has computed which sum. The
// registers that held sums are free again by then, so the epilogue needs no more registers than the product. Expressions are compiled into
// the kernels, and each has a number; the kernel chooses by it while it runs.
namespace gannet::kernels {

constexpr int kEpilogueOperands = 3;
constexpr int kEpilogueInstructions = 6;

/** An epilogue's expression as kernels take it, by value. Number 0 stands for none: the sums are written as they are. */
struct EpilogueCode {
  int number = 0;
  /** What the result is in memory. */
  Element result = Element::kFloat32;
  ExpressionOperand operands[kEpilogueOperands];
  float values[kEpilogueInstructions] = {};
};

/** A compiled expression whose operand kSums is the product. */
template <int kSums, const Formula& kFormula>
struct CompiledEpilogue {
  using Pattern = PatternOf<kFormula>;
  static constexpr int kOperand = kSums;
  static_assert(Pattern::kOperands <= kEpilogueOperands && Pattern::kInstructions <= kEpilogueInstructions);

  static bool is(const Epilogue& epilogue) { return epilogue.sums == kSums && Pattern::matches(epilogue.expression); }
};

template <typename... List>
struct EpilogueList {
  /** The number of an epilogue; 0 if it has no instructions, -1 if it is none of these. */
  static int number_of(const Epilogue& epilogue) {
    if (epilogue.expression.instruction_count == 0) return 0;
    int number = 0;
    return ((number++, List::is(epilogue)) || ...) ? number : -1;
  }

  template <Values kValues>
  static __device__ __forceinline__ float4 finish(const EpilogueCode& code, float4 sums, unsigned first, int count) {
    int number = 0;
    float4 result = sums;
    static_cast<void>(((++number == code.number &&
                        (result = List::Pattern::template evaluate_given<kValues, List::kOperand>(code, sums, first, count), true)) ||
                       ...));
    return result;
  }
};

using Epilogues =
    EpilogueList<CompiledEpilogue<0, kAddBias>, CompiledEpilogue<0, kBiasRelu>, CompiledEpilogue<0, kBiasLeakyRelu>,
                 CompiledEpilogue<0, kBiasElu>, CompiledEpilogue<0, kBiasTanh>, CompiledEpilogue<0, kBiasSigmoid>,
                 CompiledEpilogue<0, kRelu>, CompiledEpilogue<0, kLeakyRelu>, CompiledEpilogue<0, kReluGradient>,
                 CompiledEpilogue<1, kLeakyReluGradient>, CompiledEpilogue<2, kBiasEluGradient>, CompiledEpilogue<0, kTanhGradient>,
                 CompiledEpilogue<1, kLeakyReluAdjoint>, CompiledEpilogue<0, kAdd>, CompiledEpilogue<1, kAdd>,
                 CompiledEpilogue<0, kAddThree>, CompiledEpilogue<1, kAddThree>, CompiledEpilogue<2, kAddThree>>;

/** Applies the epilogue to the sums of four neighbouring elements from `first` on, of which `count` exist. */
template <Values kValues>
__device__ __forceinline__ float4 finish(const EpilogueCode& code, float4 sums, unsigned first, int count) {
  return code.number == 0 ? sums : Epilogues::finish<kValues>(code, sums, first, count);
}

/** The place of a sum in shared memory. Columns are exclusive-ored with a key of the row. Rows that are neighbours, or four apart, have
 *  different keys, since the fragments of a warp hold such rows (fragments.cuh); this avoids most bank conflicts. Four neighbouring columns
 *  from a multiple of 4 on stay together. */
template <int columns>
__device__ __forceinline__ int staged_place(int row, int column) {
  const int key = ((row & 3) << 3) ^ (row & 4);
  return row * columns + (column ^ (key & (columns - 1)));
}

/** Puts the sums of one block into shared memory: what for_each of the sums calls. */
template <class Tile>
struct Stage {
  float* staged;

  template <int count>
  __device__ __forceinline__ void operator()(int row, int column, const float (&sums)[count]) const {
    static_assert(count == 2 || count == 4);
    float* target = staged + staged_place<Tile::kColumns>(row, column);
    if constexpr (count == 4) {
      store4(target, make_float4(sums[0], sums[1], sums[2], sums[3]));
    } else {
      *reinterpret_cast<float2*>(target) = make_float2(sums[0], sums[1]);
    }
  }
};

/** Where in the result, of `rows` x `columns`, a block writes: from (first_row, first_column) on. */
struct Extent {
  int first_row, rows, first_column, columns;
};

// These read the indices of block and thread again. So nothing that was computed from them before the product has to stay in a register
// until the epilogue. The largest tiles have no register to spare.

__device__ __forceinline__ int reread_block_index() {
#if defined(__CUDA_ARCH__)
  int index;
  asm volatile("mov.u32 %0, %%ctaid.x;" : "=r"(index));
  return index;
#else
  return static_cast<int>(blockIdx.x);
#endif
}

__device__ __forceinline__ int reread_thread_index() {
#if defined(__CUDA_ARCH__)
  int index;
  asm volatile("mov.u32 %0, %%tid.x;" : "=r"(index));
  return index;
#else
  return static_cast<int>(threadIdx.x);
#endif
}

/** Takes no statistics of what a block writes. */
struct Unseen {
  __device__ __forceinline__ void operator()(float4, unsigned, int) const {}
};

/** Writes a block's sums from shared memory as elements of type `element`, after the expression of `code`, or as they are if that is null.
 *  A thread writes four neighbouring columns, always the same ones, and calls seen(values, first, count) for each four. */
template <class Tile, Values kValues, class Output, class Seen>
__device__ __forceinline__ void write_staged(const float* staged, float* target, bool aligned, const Output& out, const Extent& extent,
                                             Element element, const EpilogueCode* code, Seen&& seen) {
  constexpr int kGroups = Tile::kColumns / 4;
#pragma unroll 1
  for (int i = reread_thread_index(); i < Tile::kRows * kGroups; i += Tile::kThreads) {
    const int row = i / kGroups, group = i % kGroups * 4;
    const int column = extent.first_column + group;
    if (extent.first_row + row >= extent.rows) break;
    if (column >= extent.columns) continue;
    const int count = min(4, extent.columns - column);
    const auto first = static_cast<unsigned>(out.position(extent.first_row + row).offset + column);
    float4 values = load4(staged + staged_place<Tile::kColumns>(row, group));
    if (code != nullptr) values = finish<kValues>(*code, values, first, count);
    store_result<kValues>(target, element, first, values, count, aligned);
    seen(values, first, count);
  }
}

}  // namespace gannet::kernels
