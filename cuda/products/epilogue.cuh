#pragma once

#include "expressions/activation_patterns.h"
#include "products/tile.cuh"

// What happens to finished sums on their way to memory.
//
// A block's sums go through shared memory, where its operands no longer lie: every warp then finishes and writes four neighbouring
// columns per thread, 16 bytes at a time, whatever way the sums were spread over the threads. By then the registers that held sums are
// free again, so that an epilogue costs none of them. Epilogues are compiled expressions, chosen by number while running.
namespace gannet::kernels {

constexpr int kEpilogueOperands = 3;
constexpr int kEpilogueInstructions = 6;

/** An epilogue made ready; passed by value. Number 0 leaves the sums alone. */
struct EpilogueCode {
  int number = 0;
  /** What the result is in memory. */
  Element result = Element::kFloat32;
  ExpressionOperand operands[kEpilogueOperands];
  float values[kEpilogueInstructions] = {};
};

/** An expression whose operand kSums is the product. */
template <int kSums, typename P>
struct Ending {
  using Pattern = P;
  static constexpr int kOperand = kSums;
  static_assert(P::kOperands <= kEpilogueOperands && P::kInstructions <= kEpilogueInstructions);

  static bool is(const Epilogue& epilogue) { return epilogue.sums == kSums && P::matches(epilogue.expression); }
};

template <typename... Endings>
struct EndingList {
  /** The number of an epilogue, or -1 if it is none of these. */
  static int number_of(const Epilogue& epilogue) {
    if (epilogue.expression.instruction_count == 0) return 0;
    int number = 0;
    return ((number++, Endings::is(epilogue)) || ...) ? number : -1;
  }

  template <Values kValues>
  static __device__ __forceinline__ float4 finish(const EpilogueCode& code, float4 sums, unsigned first, int count) {
    int number = 0;
    float4 result = sums;
    static_cast<void>(((++number == code.number &&
                        (result = Endings::Pattern::template evaluate_given<kValues, Endings::kOperand>(code, sums, first, count), true)) ||
                       ...));
    return result;
  }
};

using Epilogues =
    EndingList<Ending<0, AddBias<>>, Ending<0, BiasRelu>, Ending<0, BiasLeakyRelu>, Ending<0, BiasElu>, Ending<0, BiasTanh>,
               Ending<0, BiasSigmoid>, Ending<0, Relu>, Ending<0, LeakyRelu>, Ending<0, ReluGradient>, Ending<1, LeakyReluGradient>,
               Ending<2, BiasEluGradient>, Ending<0, TanhGradient>, Ending<1, LeakyReluSecondGradient>, Ending<0, Add>, Ending<1, Add>,
               Ending<0, AddThree>, Ending<1, AddThree>, Ending<2, AddThree>>;

/** The values of four neighbouring elements from `first`, of which `count` exist, from their sums. */
template <Values kValues>
__device__ __forceinline__ float4 finish(const EpilogueCode& code, float4 sums, unsigned first, int count) {
  return code.number == 0 ? sums : Epilogues::finish<kValues>(code, sums, first, count);
}

/** Place of a staged sum. Rows are told apart, in eights and in fours, so that fragments whose rows are neighbours or four apart
 *  (products/fragments.cuh) are written without many conflicts; four neighbours from a multiple of 4 on stay together. */
template <int columns>
__device__ __forceinline__ int staged_place(int row, int column) {
  const int key = ((row & 3) << 3) ^ (row & 4);
  return row * columns + (column ^ (key & (columns - 1)));
}

/** Puts the sums of one block into shared memory. */
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

/** The part of the result that a block writes: from (first_row, first_column) on, of `rows` x `columns`. */
struct Extent {
  int first_row, rows, first_column, columns;
};

// The indices of block and thread once more: what was found from them before the product need not stay in registers until after it. The
// largest tiles have none to spare.

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

/** Sees what a block writes, and does nothing with it. */
struct Unseen {
  __device__ __forceinline__ void operator()(float4, unsigned, int) const {}
};

/** Writes staged sums as `element`: finished, or as they are, for which `code` is null. A thread writes four neighbouring columns,
 *  always the same ones, and then calls seen(values, first, count). */
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
