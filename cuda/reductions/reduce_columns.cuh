#pragma once

#include <algorithm>
#include <numeric>

#include "kernels.h"
#include "launch/launch.h"
#include "reductions/column_totals.h"

// Reductions over columns, whatever computes the numbers, and how reductions are spread over a GPU.
namespace gannet::kernels {

/** Where results go. */
struct ReduceTarget {
  float* y;  // (results, outer, inner)
  /** outer * inner */
  unsigned stride;
  float factor;
  /** Partial results, (outer, splits, fields, inner), if there are several splits. */
  float* partials;
};

template <typename Accumulator>
__device__ __forceinline__ void store_results(const ReduceTarget& target, unsigned at, const Accumulator& total) {
#pragma unroll
  for (int i = 0; i < Accumulator::kResults; i++) target.y[i * target.stride + at] = writable(target.factor * total.result(i));
}

/** Stores what one block has accumulated for (outer, at): the result, or a partial result if gridDim.y blocks share it. */
template <typename Accumulator>
__device__ __forceinline__ void store_total(const ReduceTarget& target, unsigned outer, unsigned inner, unsigned at,
                                            const Accumulator& total) {
  if (gridDim.y == 1) return store_results(target, outer * inner + at, total);
  store_fields(target.partials + (outer * gridDim.y + blockIdx.y) * Accumulator::kFields * inner + at, inner, total);
}

/** For each outer index, `length` elements in rows of `width`. Each blockIdx.y takes `piece` rows. `tiles` blocks share a row, each with
 *  `lanes` threads side by side. There are `inner` results: width = inner, or a multiple of it if rows are folded. */
struct ColumnShape {
  unsigned length, width, piece, inner, lanes, tiles;
};

/** A Source computes the numbers that are reduced. It has a Code, which is a parameter of the kernel, kValues numbers per element, and
 *  evaluate(code, slots, first, count, values), which computes those of elements first .. first + count. It is called once for each
 *  element. */
template <typename Source, typename Accumulator>
__global__ void reduce_columns_kernel(ReduceTarget target, typename Source::Code code, ColumnShape shape) {
  float* shared = shared_memory<float>();
  const unsigned lane = threadIdx.x % shape.lanes, thread_row = threadIdx.x / shape.lanes, thread_rows = blockDim.x / shape.lanes;
  const unsigned outer = blockIdx.x / shape.tiles, tile = blockIdx.x % shape.tiles * 4 * shape.lanes;
  const unsigned column = tile + 4 * lane;
  FourTotals<Accumulator> totals;
  if (column < shape.width) {
    const unsigned first = (blockIdx.y * shape.piece + thread_row) * shape.width;
    const unsigned end = min(shape.length, (blockIdx.y + 1) * shape.piece * shape.width);
#pragma unroll 4
    for (unsigned at = first + column; at < end; at += thread_rows * shape.width) {
      const int count = min(4u, min(shape.width - column, shape.length - at));
      float4 values[Source::kValues];
      Source::evaluate(code, shared, outer * shape.length + at, count, values);
      totals.add(values, count);
    }
  }
  // The expression has been evaluated, so its slots in shared memory are free for the totals of the rows.
  __syncthreads();
  const ColumnScratch<Accumulator> scratch{shared, 4 * shape.lanes};
  scratch.put(thread_row, 4 * lane, totals);
  scratch.combine_rows(thread_rows);
  const unsigned columns = min(shape.inner, shape.width - tile);
  for (unsigned i = threadIdx.x; i < min(columns, scratch.columns); i += blockDim.x) {
    Accumulator total = scratch.get(0, i);
    for (unsigned next = i + shape.inner; next < shape.width; next += shape.inner) total.combine(scratch.get(0, next));
    store_total(target, outer, shape.inner, tile + i, total);
  }
}

constexpr unsigned kReduceThreads = 256;
/** Blocks that keep a large GPU busy: about four for each multiprocessor. */
constexpr unsigned kWantedBlocks = 512;
/** A split gets a block of its own only if each thread has at least this many groups of four elements. */
constexpr unsigned kGroupsPerThread = 4;
constexpr unsigned kMostLanes = 32;

/** How a reduction is spread over a GPU. */
struct Plan {
  /** Of rows: threads per row. Of columns: threads side by side, as in ColumnShape. */
  unsigned lanes;
  unsigned width, tiles;
  /** Elements (of rows) or rows (of columns) in a piece, and how many pieces. */
  unsigned piece, splits;
};

inline unsigned round_up(unsigned value, unsigned multiple) { return (value + multiple - 1) / multiple * multiple; }

/** Splits `length` into pieces of whole units. Without splits there are `blocks` blocks; there are as many splits as it takes to fill a
 *  GPU. */
inline void split(Plan& plan, unsigned blocks, unsigned length, unsigned unit) {
  const unsigned wanted = blocks >= kWantedBlocks ? 1 : kWantedBlocks / blocks;
  plan.piece = round_up(std::max(ceil_div(length, wanted), unit), unit);
  plan.splits = ceil_div(length, plan.piece);
}

inline Plan plan_rows(unsigned outer, unsigned reduced) {
  Plan plan{};
  plan.lanes = reduced <= 64 ? 4 : reduced <= 2048 && outer >= 64 ? kWarpSize : kReduceThreads;
  plan.piece = round_up(reduced, 4);
  plan.splits = 1;
  if (plan.lanes == kReduceThreads) split(plan, outer, reduced, 4 * kReduceThreads * kGroupsPerThread);
  return plan;
}

inline Plan plan_columns(unsigned outer, unsigned reduced, unsigned inner) {
  Plan plan{};
  constexpr unsigned kMost = 4 * kMostLanes;
  const unsigned aligned = inner / std::gcd(inner, 4u) * 4;
  const bool folded = aligned <= kMost && aligned / inner <= reduced;
  plan.width = folded ? aligned * std::min(kMost / aligned, reduced * inner / aligned) : inner;
  plan.lanes = 1;
  while (4 * plan.lanes < std::min(plan.width, kMost)) plan.lanes *= 2;
  plan.tiles = ceil_div(plan.width, 4 * plan.lanes);
  const unsigned rows = ceil_div(reduced * inner, plan.width);
  split(plan, outer * plan.tiles, rows, kReduceThreads / plan.lanes * kGroupsPerThread);
  return plan;
}

inline Plan plan_of(const ReduceArgs& args) {
  const auto outer = static_cast<unsigned>(args.outer), reduced = static_cast<unsigned>(args.reduced);
  return args.inner == 1 ? plan_rows(outer, reduced) : plan_columns(outer, reduced, static_cast<unsigned>(args.inner));
}

/** Where the results and partial results of a reduction go. */
inline ReduceTarget target_of(const ReduceArgs& args) {
  return {args.y, static_cast<unsigned>(args.outer) * static_cast<unsigned>(args.inner), args.factor, static_cast<float*>(args.workspace)};
}

/** Launches a reduction over columns. Every thread has `slot_bytes` of shared memory while it evaluates its source. */
template <typename Source, typename Accumulator>
void launch_columns(const typename Source::Code& code, const ReduceArgs& args, const Plan& plan, unsigned threads, size_t slot_bytes,
                    cudaStream_t stream) {
  const size_t scratch = threads * 4 * Accumulator::kFields * sizeof(float);
  const auto inner = static_cast<unsigned>(args.inner), length = static_cast<unsigned>(args.reduced) * inner;
  launch(reduce_columns_kernel<Source, Accumulator>, dim3(static_cast<unsigned>(args.outer) * plan.tiles, plan.splits), dim3(threads),
         std::max(threads * slot_bytes, scratch), stream, target_of(args), code,
         ColumnShape{length, plan.width, plan.piece, inner, plan.lanes, plan.tiles});
}

/** How many numbers an accumulator of this reduction takes in memory. */
unsigned fields_of(const ReduceArgs& args);

/** Combines the partial results of `splits` splits, which lie in the reduction's workspace as (outer, splits, fields, inner). */
void combine_partials(const ReduceArgs& args, unsigned splits, cudaStream_t stream);

}  // namespace gannet::kernels
