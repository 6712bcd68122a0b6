#include <algorithm>
#include <numeric>

#include "compensated.h"
#include "interpreter.h"
#include "launch.h"
#include "pattern.h"

// y[outer][inner] = sum or maximum over the middle axis of an expression over (outer, reduced, inner). Elements with one outer index
// lie densely, so a reduction with inner = 1 works on rows, any other on columns:
//
// rows      T threads per row (4, 32 or the block), each taking every T-th group of four neighbours; combined by shuffles.
// columns   a block covers 4 * lanes neighbouring columns with `lanes` threads, and blockDim / lanes rows at a time; combined
//           through shared memory. Few columns are folded: several rows side by side count as one, as wide as the block, so that
//           reads stay 16 bytes wide even for the three channels of an image.
//
// Where there are too few rows or columns to fill a device, the reduced axis is split among blocks; their results go to the workspace
// (outer, splits, inner) and are reduced by a second launch of the same kernels. How it is split depends on the shape alone.
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
/** Blocks that keep a large device busy: about four for each of its processors. */
constexpr unsigned kWantedBlocks = 512;
/** A split is worth a block of its own if each thread has this many groups of four elements. */
constexpr unsigned kGroupsPerThread = 4;
constexpr unsigned kMostLanes = 32;

using F = Function;
constexpr Access kFull = Access::kFull, kChannel = Access::kChannel;
using Identity = Pattern<Reads<kFull>>;
using Square = Pattern<Reads<kFull>, Op<F::kMul, 0, 0>>;
using Product = Pattern<Reads<kFull, kFull>, Op<F::kMul, 0, 1>>;
/** (x - mean)^2 */
using SquaredDeviation = Pattern<Reads<kFull, kChannel>, Op<F::kSub, 0, 1>, Op<F::kMul, 2, 2>>;
/** dy (x - mean) rstd */
using GainGradient = Pattern<Reads<kFull, kFull, kChannel, kChannel>, Op<F::kSub, 1, 2>, Op<F::kMul, 4, 3>, Op<F::kMul, 0, 5>>;
using HotSums = PatternList<Identity, Square, Product, SquaredDeviation, GainGradient>;
using HotMaxima = PatternList<Identity>;

}  // namespace

/** How a compiled expression is evaluated. */
template <typename P>
struct CompiledSource {
  using Code = typename P::Code;
  static __device__ __forceinline__ float4 evaluate(const Code& code, float*, unsigned first, int count) {
    return P::evaluate(code, first, count);
  }
};

/** How any other expression is evaluated, in slots of the shared memory. */
struct InterpretedSource {
  using Code = InterpretedCode;
  static __device__ __forceinline__ float4 evaluate(const Code& code, float* slots, unsigned first, int count) {
    return kernels::evaluate(code, slots, first, count);
  }
};

/** The reduced axis of `rows` rows, `length` elements each, cut into gridDim.y pieces of `piece` elements, a multiple of four. */
struct RowShape {
  unsigned rows, length, piece;
};

template <typename Accumulator, int kLanes>
__device__ __forceinline__ void combine_lanes(Accumulator& total) {
#pragma unroll
  for (int distance = min(kLanes, kWarpSize) / 2; distance > 0; distance /= 2) {
    Accumulator other;
    other.sum = __shfl_xor_sync(kFullWarp, total.sum, distance);
    other.error = __shfl_xor_sync(kFullWarp, total.error, distance);
    total.combine(other);
  }
}

template <typename Source, typename Accumulator, int kLanes>
__global__ void reduce_rows_kernel(float* __restrict__ y,  // (rows, gridDim.y)
                                   typename Source::Code code, RowShape shape) {
  float* shared = shared_memory<float>();
  const unsigned lanes = kLanes > kWarpSize ? blockDim.x : kLanes;
  const unsigned row = blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes;
  Accumulator total;
  if (row < shape.rows) {
    const unsigned end = min(shape.length, (blockIdx.y + 1) * shape.piece);
#pragma unroll 4
    for (unsigned i = blockIdx.y * shape.piece + 4 * (threadIdx.x % lanes); i < end; i += 4 * lanes) {
      const int count = min(4u, end - i);
      const float4 value = Source::evaluate(code, shared, row * shape.length + i, count);
      total.add(value.x);
      if (count > 1) total.add(value.y);
      if (count > 2) total.add(value.z);
      if (count > 3) total.add(value.w);
    }
  }
  combine_lanes<Accumulator, kLanes>(total);
  if constexpr (kLanes > kWarpSize) {
    // The slots of the expression become the warps' results.
    __syncthreads();
    if (threadIdx.x % kWarpSize == 0) {
      shared[2 * (threadIdx.x / kWarpSize)] = total.sum;
      shared[2 * (threadIdx.x / kWarpSize) + 1] = total.error;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      for (unsigned warp = 1; warp < blockDim.x / kWarpSize; warp++) {
        Accumulator other;
        other.sum = shared[2 * warp];
        other.error = shared[2 * warp + 1];
        total.combine(other);
      }
    }
  }
  if (row < shape.rows && threadIdx.x % lanes == 0) y[row * gridDim.y + blockIdx.y] = total.result();
}

/** `length` elements per outer index as rows of `width`; a piece of `piece` rows for each blockIdx.y. `inner` columns are wanted: all of
 *  them if width = inner, or else width is a multiple that the block folds. `lanes` threads side by side, `tiles` blocks per row. */
struct ColumnShape {
  unsigned length, width, piece, inner, lanes, tiles;
};

/** Shared memory as (row of threads, sum or error, column). */
template <typename Accumulator>
struct ColumnScratch {
  float* data;
  unsigned columns;

  __device__ __forceinline__ void put(unsigned row, unsigned column, const Accumulator& value) const {
    data[2 * row * columns + column] = value.sum;
    data[(2 * row + 1) * columns + column] = value.error;
  }
  __device__ __forceinline__ Accumulator get(unsigned row, unsigned column) const {
    Accumulator value;
    value.sum = data[2 * row * columns + column];
    value.error = data[(2 * row + 1) * columns + column];
    return value;
  }
};

template <typename Source, typename Accumulator>
__global__ void reduce_columns_kernel(float* __restrict__ y,  // (outer, gridDim.y, inner)
                                      typename Source::Code code, ColumnShape shape) {
  float* shared = shared_memory<float>();
  const unsigned lane = threadIdx.x % shape.lanes, thread_row = threadIdx.x / shape.lanes, thread_rows = blockDim.x / shape.lanes;
  const unsigned outer = blockIdx.x / shape.tiles, tile = blockIdx.x % shape.tiles * 4 * shape.lanes;
  const unsigned column = tile + 4 * lane;
  Accumulator totals[4];
  if (column < shape.width) {
    const unsigned first = (blockIdx.y * shape.piece + thread_row) * shape.width;
    const unsigned end = min(shape.length, (blockIdx.y + 1) * shape.piece * shape.width);
#pragma unroll 4
    for (unsigned at = first + column; at < end; at += thread_rows * shape.width) {
      const int count = min(4u, min(shape.width - column, shape.length - at));
      const float4 value = Source::evaluate(code, shared, outer * shape.length + at, count);
      totals[0].add(value.x);
      if (count > 1) totals[1].add(value.y);
      if (count > 2) totals[2].add(value.z);
      if (count > 3) totals[3].add(value.w);
    }
  }
  // The slots of the expression become the rows' results.
  __syncthreads();
  const ColumnScratch<Accumulator> scratch{shared, 4 * shape.lanes};
#pragma unroll
  for (int j = 0; j < 4; j++) scratch.put(thread_row, 4 * lane + j, totals[j]);
  __syncthreads();
  for (unsigned half = thread_rows / 2; half > 0; half /= 2) {
    for (unsigned i = threadIdx.x; i < half * scratch.columns; i += blockDim.x) {
      const unsigned row = i / scratch.columns, at = i % scratch.columns;
      Accumulator total = scratch.get(row, at);
      total.combine(scratch.get(row + half, at));
      scratch.put(row, at, total);
    }
    __syncthreads();
  }
  const unsigned columns = min(shape.inner, shape.width - tile);
  for (unsigned i = threadIdx.x; i < min(columns, scratch.columns); i += blockDim.x) {
    Accumulator total = scratch.get(0, i);
    for (unsigned next = i + shape.inner; next < shape.width; next += shape.inner) total.combine(scratch.get(0, next));
    y[(outer * gridDim.y + blockIdx.y) * shape.inner + tile + i] = total.result();
  }
}

namespace {

/** How a reduction is spread over a device. */
struct Plan {
  /** Of rows: threads per row. Of columns: threads side by side, as in ColumnShape. */
  unsigned lanes;
  unsigned width, tiles;
  /** Elements (of rows) or rows (of columns) in a piece, and how many pieces. */
  unsigned piece, splits;
};

unsigned round_up(unsigned value, unsigned multiple) { return (value + multiple - 1) / multiple * multiple; }

/** The first stage reads the expression, the second what the first one's splits left, in one piece. */
enum class Stage { kFirst, kSecond };

/** Pieces of whole units, so that `blocks` times as many blocks fill a device. */
void split(Plan& plan, Stage stage, unsigned blocks, unsigned length, unsigned unit) {
  const unsigned wanted = stage == Stage::kSecond || blocks >= kWantedBlocks ? 1 : kWantedBlocks / blocks;
  plan.piece = round_up(std::max(ceil_div(length, wanted), unit), unit);
  plan.splits = ceil_div(length, plan.piece);
}

Plan plan_rows(Stage stage, unsigned outer, unsigned reduced) {
  Plan plan{};
  plan.lanes = reduced <= 64 ? 4 : reduced <= 2048 && outer >= 64 ? kWarpSize : kThreads;
  const bool whole = plan.lanes != kThreads;
  split(plan, whole ? Stage::kSecond : stage, outer, reduced, 4 * kThreads * kGroupsPerThread);
  return plan;
}

Plan plan_columns(Stage stage, unsigned outer, unsigned reduced, unsigned inner) {
  Plan plan{};
  // The second stage has little to read: narrow blocks share it out.
  const unsigned most = 4 * (stage == Stage::kFirst ? kMostLanes : 8);
  const unsigned aligned = inner / std::gcd(inner, 4u) * 4;
  const bool folded = aligned <= most && aligned / inner <= reduced;
  plan.width = folded ? aligned * std::min(most / aligned, reduced * inner / aligned) : inner;
  plan.lanes = 1;
  while (4 * plan.lanes < std::min(plan.width, most)) plan.lanes *= 2;
  plan.tiles = ceil_div(plan.width, 4 * plan.lanes);
  const unsigned rows = ceil_div(reduced * inner, plan.width);
  split(plan, stage, outer * plan.tiles, rows, kThreads / plan.lanes * kGroupsPerThread);
  return plan;
}

Plan plan_of(Stage stage, unsigned outer, unsigned reduced, unsigned inner) {
  return inner == 1 ? plan_rows(stage, outer, reduced) : plan_columns(stage, outer, reduced, inner);
}

template <typename Source, typename Accumulator>
struct Launcher {
  const typename Source::Code& code;
  unsigned threads;
  size_t slot_bytes;
  cudaStream_t stream;

  template <int kLanes>
  void rows(float* y, const Plan& plan, unsigned outer, unsigned reduced) const {
    const unsigned per_block = kLanes > kWarpSize ? 1 : threads / kLanes;
    const size_t scratch = kLanes > kWarpSize ? threads / kWarpSize * 2 * sizeof(float) : 0;
    launch(reduce_rows_kernel<Source, Accumulator, kLanes>, dim3(ceil_div(outer, per_block), plan.splits), dim3(threads),
           std::max(threads * slot_bytes, scratch), stream, y, code, RowShape{outer, reduced, plan.piece});
  }

  void columns(float* y, const Plan& plan, unsigned outer, unsigned reduced, unsigned inner) const {
    const size_t scratch = threads * 8 * sizeof(float);
    launch(reduce_columns_kernel<Source, Accumulator>, dim3(outer * plan.tiles, plan.splits), dim3(threads),
           std::max(threads * slot_bytes, scratch), stream, y, code,
           ColumnShape{reduced * inner, plan.width, plan.piece, inner, plan.lanes, plan.tiles});
  }

  void run(float* y, const Plan& plan, unsigned outer, unsigned reduced, unsigned inner) const {
    if (inner > 1) return columns(y, plan, outer, reduced, inner);
    if (plan.lanes == 4) return rows<4>(y, plan, outer, reduced);
    if (plan.lanes == kWarpSize) return rows<kWarpSize>(y, plan, outer, reduced);
    rows<kThreads>(y, plan, outer, reduced);
  }
};

template <typename Accumulator, typename HotPatterns>
void reduce_stage(Stage stage, float* y, const Expression& expression, unsigned outer, unsigned reduced, unsigned inner, cudaStream_t stream) {
  const Plan plan = plan_of(stage, outer, reduced, inner);
  const unsigned total = outer * reduced * inner;
  const bool compiled = HotPatterns::find(expression, [&]<typename P>(P) {
    Launcher<CompiledSource<P>, Accumulator>{P::encode(expression, total), kThreads, 0, stream}.run(y, plan, outer, reduced, inner);
  });
  if (compiled) return;
  const InterpretedCode code = interpret(expression, total);
  Launcher<InterpretedSource, Accumulator>{code, interpreter_threads(code, kThreads), interpreter_bytes(code), stream}.run(
      y, plan, outer, reduced, inner);
}

template <typename Accumulator, typename HotPatterns>
void reduce_with(const ReduceArgs& args, cudaStream_t stream) {
  const auto outer = static_cast<unsigned>(args.outer), reduced = static_cast<unsigned>(args.reduced);
  const auto inner = static_cast<unsigned>(args.inner);
  const unsigned splits = plan_of(Stage::kFirst, outer, reduced, inner).splits;
  if (splits == 1) return reduce_stage<Accumulator, HotPatterns>(Stage::kFirst, args.y, args.expression, outer, reduced, inner, stream);
  auto* partial = static_cast<float*>(args.workspace);
  reduce_stage<Accumulator, HotPatterns>(Stage::kFirst, partial, args.expression, outer, reduced, inner, stream);
  Expression identity{};
  identity.operands[0] = partial;
  identity.sizes[0] = args.outer * static_cast<int>(splits) * args.inner;
  identity.operand_count = 1;
  reduce_stage<Accumulator, HotPatterns>(Stage::kSecond, args.y, identity, outer, splits, inner, stream);
}

}  // namespace

void reduce(const ReduceArgs& args, cudaStream_t stream) {
  if (args.kind == ReduceKind::kSum) return reduce_with<CompensatedSum, HotSums>(args, stream);
  reduce_with<RunningMaximum, HotMaxima>(args, stream);
}

size_t reduce_workspace_bytes(const ReduceArgs& args) {
  const unsigned splits = plan_of(Stage::kFirst, args.outer, args.reduced, args.inner).splits;
  return splits == 1 ? 0 : sizeof(float) * args.outer * splits * args.inner;
}

}  // namespace gannet::kernels
