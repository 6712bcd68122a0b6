#include <algorithm>
#include <numeric>
#include <span>

#include "accumulators.h"
#include "interpreter.h"
#include "launch.h"
#include "norm_patterns.h"

// y[result][outer][inner] = up to three sums, the maximum, or the moments over the middle axis of an expression over (outer, reduced,
// inner), in one pass over its operands. Elements with one outer index lie densely, so a reduction with inner = 1 works on rows, any
// other on columns:
//
// rows      T threads per row (4, 32 or the block), each taking every T-th group of four neighbours; combined by shuffles.
// columns   a block covers 4 * lanes neighbouring columns with `lanes` threads, and blockDim / lanes rows at a time; combined
//           through shared memory. Few columns are folded: several rows side by side count as one, as wide as the block, so that
//           reads stay 16 bytes wide even for the three channels of an image.
//
// Where there are too few rows or columns to fill a device, the reduced axis is split among blocks; what they accumulated goes to the
// workspace (outer, splits, fields, inner) and is combined by a second launch. How it is split depends on the shape alone.
namespace gannet::kernels {

namespace {

constexpr unsigned kThreads = 256;
/** Blocks that keep a large device busy: about four for each of its processors. */
constexpr unsigned kWantedBlocks = 512;
/** A split is worth a block of its own if each thread has this many groups of four elements. */
constexpr unsigned kGroupsPerThread = 4;
constexpr unsigned kMostLanes = 32;
/** Columns of threads that combine the parts. */
constexpr unsigned kCombineColumns = 8;

}  // namespace

/** How a compiled expression is evaluated, and the registers that a reduction takes. */
template <typename P, int... kRegisters>
struct CompiledSource {
  using Code = typename P::Code;
  static constexpr int kValues = sizeof...(kRegisters);

  static bool matches(const Expression& expression, std::span<const int> values) {
    constexpr int registers[] = {kRegisters...};
    return P::matches(expression) && std::equal(values.begin(), values.end(), registers, registers + kValues);
  }
  static __device__ __forceinline__ void evaluate(const Code& code, float*, unsigned first, int count, float4 (&values)[kValues]) {
    float4 registers[P::kRegisters];
    P::evaluate(code, first, count, registers);
    constexpr int taken[] = {kRegisters...};
#pragma unroll
    for (int i = 0; i < kValues; i++) values[i] = registers[taken[i]];
  }
  static Code encode(const Expression& expression, unsigned total) { return P::encode(expression, total); }
};

/** A compiled expression whose last register alone is wanted. */
template <typename P>
using CompiledValue = CompiledSource<P, P::kRegisters - 1>;

/** How any other expression is evaluated, in slots of the shared memory. */
template <int kCount>
struct InterpretedSource {
  using Code = InterpretedCode;
  static constexpr int kValues = kCount;

  static __device__ __forceinline__ void evaluate(const Code& code, float* slots, unsigned first, int count, float4 (&values)[kCount]) {
    evaluate_values(code, slots, first, count, values);
  }
};

/** Where results go. */
struct ReduceTarget {
  float* y;  // (results, outer, inner)
  /** outer * inner */
  unsigned stride;
  float factor;
  /** (outer, splits, fields, inner), if there are several splits. */
  float* parts;
};

template <typename Accumulator>
__device__ __forceinline__ void store_results(const ReduceTarget& target, unsigned at, const Accumulator& total) {
#pragma unroll
  for (int i = 0; i < Accumulator::kResults; i++) target.y[i * target.stride + at] = target.factor * total.result(i);
}

/** What one block of gridDim.y accumulated for (outer, at). */
template <typename Accumulator>
__device__ __forceinline__ void store_total(const ReduceTarget& target, unsigned outer, unsigned inner, unsigned at, const Accumulator& total) {
  if (gridDim.y == 1) return store_results(target, outer * inner + at, total);
  store_fields(target.parts + (outer * gridDim.y + blockIdx.y) * Accumulator::kFields * inner + at, inner, total);
}

/** Adds elements 0 .. count of `values` to a total. */
template <typename Accumulator, int kValues>
__device__ __forceinline__ void add_element(Accumulator& total, const float4 (&values)[kValues], float float4::* member) {
  float element[kValues];
#pragma unroll
  for (int i = 0; i < kValues; i++) element[i] = values[i].*member;
  total.add(element);
}

/** The reduced axis of `rows` rows, `length` elements each, cut into gridDim.y pieces of `piece` elements, a multiple of four. */
struct RowShape {
  unsigned rows, length, piece;
};

template <typename Accumulator, int kLanes>
__device__ __forceinline__ void combine_lanes(Accumulator& total) {
#pragma unroll
  for (int distance = min(kLanes, kWarpSize) / 2; distance > 0; distance /= 2) {
    Accumulator other = total;
#pragma unroll
    for (int i = 0; i < Accumulator::kFields; i++) other.field(i) = __shfl_xor_sync(kFullWarp, total.field(i), distance);
    total.combine(other);
  }
}

template <typename Source, typename Accumulator, int kLanes>
__global__ void reduce_rows_kernel(ReduceTarget target, typename Source::Code code, RowShape shape) {
  float* shared = shared_memory<float>();
  const unsigned lanes = kLanes > kWarpSize ? blockDim.x : kLanes;
  const unsigned row = blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes;
  Accumulator total;
  if (row < shape.rows) {
    const unsigned end = min(shape.length, (blockIdx.y + 1) * shape.piece);
#pragma unroll 4
    for (unsigned i = blockIdx.y * shape.piece + 4 * (threadIdx.x % lanes); i < end; i += 4 * lanes) {
      const int count = min(4u, end - i);
      float4 values[Source::kValues];
      Source::evaluate(code, shared, row * shape.length + i, count, values);
      add_element(total, values, &float4::x);
      if (count > 1) add_element(total, values, &float4::y);
      if (count > 2) add_element(total, values, &float4::z);
      if (count > 3) add_element(total, values, &float4::w);
    }
  }
  total.finish();
  combine_lanes<Accumulator, kLanes>(total);
  if constexpr (kLanes > kWarpSize) {
    // The slots of the expression become the warps' totals.
    __syncthreads();
    if (threadIdx.x % kWarpSize == 0) store_fields(shared + threadIdx.x / kWarpSize * Accumulator::kFields, 1, total);
    __syncthreads();
    if (threadIdx.x == 0) {
      for (unsigned warp = 1; warp < blockDim.x / kWarpSize; warp++) {
        total.combine(load_fields<Accumulator>(shared + warp * Accumulator::kFields, 1));
      }
    }
  }
  if (row < shape.rows && threadIdx.x % lanes == 0) store_total(target, row, 1, 0, total);
}

/** `length` elements per outer index as rows of `width`; a piece of `piece` rows for each blockIdx.y. `inner` columns are wanted: all of
 *  them if width = inner, or else width is a multiple that the block folds. `lanes` threads side by side, `tiles` blocks per row. */
struct ColumnShape {
  unsigned length, width, piece, inner, lanes, tiles;
};

/** Totals of threads in shared memory, as (row of threads, field, column). */
template <typename Accumulator>
struct ColumnScratch {
  float* data;
  unsigned columns;

  __device__ __forceinline__ float* at(unsigned row, unsigned column) const { return data + row * Accumulator::kFields * columns + column; }
  __device__ __forceinline__ void put(unsigned row, unsigned column, const Accumulator& value) const {
    store_fields(at(row, column), columns, value);
  }
  __device__ __forceinline__ Accumulator get(unsigned row, unsigned column) const {
    return load_fields<Accumulator>(at(row, column), columns);
  }
  /** A tree over the rows, a power of two; row 0 receives the totals. Behind it all threads see them. */
  __device__ __forceinline__ void combine_rows(unsigned rows) const {
    __syncthreads();
    for (unsigned half = rows / 2; half > 0; half /= 2) {
      for (unsigned i = threadIdx.x; i < half * columns; i += blockDim.x) {
        const unsigned row = i / columns, column = i % columns;
        Accumulator total = get(row, column);
        total.combine(get(row + half, column));
        put(row, column, total);
      }
      __syncthreads();
    }
  }
};

template <typename Source, typename Accumulator>
__global__ void reduce_columns_kernel(ReduceTarget target, typename Source::Code code, ColumnShape shape) {
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
      float4 values[Source::kValues];
      Source::evaluate(code, shared, outer * shape.length + at, count, values);
      add_element(totals[0], values, &float4::x);
      if (count > 1) add_element(totals[1], values, &float4::y);
      if (count > 2) add_element(totals[2], values, &float4::z);
      if (count > 3) add_element(totals[3], values, &float4::w);
    }
  }
  // The slots of the expression become the rows' totals.
  __syncthreads();
  const ColumnScratch<Accumulator> scratch{shared, 4 * shape.lanes};
#pragma unroll
  for (int j = 0; j < 4; j++) {
    totals[j].finish();
    scratch.put(thread_row, 4 * lane + j, totals[j]);
  }
  scratch.combine_rows(thread_rows);
  const unsigned columns = min(shape.inner, shape.width - tile);
  for (unsigned i = threadIdx.x; i < min(columns, scratch.columns); i += blockDim.x) {
    Accumulator total = scratch.get(0, i);
    for (unsigned next = i + shape.inner; next < shape.width; next += shape.inner) total.combine(scratch.get(0, next));
    store_total(target, outer, shape.inner, tile + i, total);
  }
}

/** Combines the parts of `columns` neighbours: each of blockDim / columns rows of threads takes every so manieth part.
 *  Grid: (outer, tiles of inner). */
template <typename Accumulator>
__global__ void combine_parts_kernel(ReduceTarget target, unsigned splits, unsigned inner, unsigned columns) {
  const unsigned column = threadIdx.x % columns, thread_row = threadIdx.x / columns, thread_rows = blockDim.x / columns;
  const unsigned i = blockIdx.y * columns + column;
  Accumulator total;
  if (i < inner) {
    for (unsigned part = thread_row; part < splits; part += thread_rows) {
      total.combine(load_fields<Accumulator>(target.parts + (blockIdx.x * splits + part) * Accumulator::kFields * inner + i, inner));
    }
  }
  const ColumnScratch<Accumulator> scratch{shared_memory<float>(), columns};
  scratch.put(thread_row, column, total);
  scratch.combine_rows(thread_rows);
  if (thread_row == 0 && i < inner) store_results(target, blockIdx.x * inner + i, scratch.get(0, column));
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

/** Pieces of whole units, so that `blocks` times as many blocks fill a device. */
void split(Plan& plan, unsigned blocks, unsigned length, unsigned unit) {
  const unsigned wanted = blocks >= kWantedBlocks ? 1 : kWantedBlocks / blocks;
  plan.piece = round_up(std::max(ceil_div(length, wanted), unit), unit);
  plan.splits = ceil_div(length, plan.piece);
}

Plan plan_rows(unsigned outer, unsigned reduced) {
  Plan plan{};
  plan.lanes = reduced <= 64 ? 4 : reduced <= 2048 && outer >= 64 ? kWarpSize : kThreads;
  plan.piece = round_up(reduced, 4);
  plan.splits = 1;
  if (plan.lanes == kThreads) split(plan, outer, reduced, 4 * kThreads * kGroupsPerThread);
  return plan;
}

Plan plan_columns(unsigned outer, unsigned reduced, unsigned inner) {
  Plan plan{};
  constexpr unsigned kMost = 4 * kMostLanes;
  const unsigned aligned = inner / std::gcd(inner, 4u) * 4;
  const bool folded = aligned <= kMost && aligned / inner <= reduced;
  plan.width = folded ? aligned * std::min(kMost / aligned, reduced * inner / aligned) : inner;
  plan.lanes = 1;
  while (4 * plan.lanes < std::min(plan.width, kMost)) plan.lanes *= 2;
  plan.tiles = ceil_div(plan.width, 4 * plan.lanes);
  const unsigned rows = ceil_div(reduced * inner, plan.width);
  split(plan, outer * plan.tiles, rows, kThreads / plan.lanes * kGroupsPerThread);
  return plan;
}

/** A reduction, its operands' addresses and plan. */
struct Problem {
  const Expression& expression;
  /** The registers that are reduced. */
  std::span<const int> values;
  unsigned outer, reduced, inner;
  Plan plan;
  ReduceTarget target;
  cudaStream_t stream;

  unsigned total() const { return outer * reduced * inner; }
};

template <typename Source, typename Accumulator>
struct Launcher {
  const Problem& problem;
  const typename Source::Code& code;
  unsigned threads;
  size_t slot_bytes;

  template <int kLanes>
  void rows() const {
    const auto& [expression, values, outer, reduced, inner, plan, target, stream] = problem;
    const unsigned per_block = kLanes > kWarpSize ? 1 : threads / kLanes;
    const size_t scratch = kLanes > kWarpSize ? threads / kWarpSize * Accumulator::kFields * sizeof(float) : 0;
    launch(reduce_rows_kernel<Source, Accumulator, kLanes>, dim3(ceil_div(outer, per_block), plan.splits), dim3(threads),
           std::max(threads * slot_bytes, scratch), stream, target, code, RowShape{outer, reduced, plan.piece});
  }

  void columns() const {
    const auto& [expression, values, outer, reduced, inner, plan, target, stream] = problem;
    const size_t scratch = threads * 4 * Accumulator::kFields * sizeof(float);
    launch(reduce_columns_kernel<Source, Accumulator>, dim3(outer * plan.tiles, plan.splits), dim3(threads),
           std::max(threads * slot_bytes, scratch), stream, target, code,
           ColumnShape{reduced * inner, plan.width, plan.piece, inner, plan.lanes, plan.tiles});
  }

  void run() const {
    if (problem.inner > 1) return columns();
    if (problem.plan.lanes == 4) return rows<4>();
    if (problem.plan.lanes == kWarpSize) return rows<kWarpSize>();
    rows<kThreads>();
  }
};

/** Expressions that are compiled for an accumulator, each a CompiledSource. */
template <typename... Sources>
struct SourceList {
  template <typename Accumulator>
  static bool run(const Problem& problem) {
    return ((Sources::matches(problem.expression, problem.values) && (run_one<Sources, Accumulator>(problem), true)) || ...);
  }

 private:
  template <typename Source, typename Accumulator>
  static void run_one(const Problem& problem) {
    Launcher<Source, Accumulator>{problem, Source::encode(problem.expression, problem.total()), kThreads, 0}.run();
  }
};

template <typename Accumulator, typename HotSources>
void reduce_with(const Problem& problem) {
  if (!HotSources::template run<Accumulator>(problem)) {
    const InterpretedCode code = interpret(problem.expression, problem.total(), problem.values);
    Launcher<InterpretedSource<Accumulator::kValues>, Accumulator>{problem, code, interpreter_threads(code, kThreads), interpreter_bytes(code)}
        .run();
  }
  if (problem.plan.splits == 1) return;
  const unsigned columns = problem.inner == 1 ? 1 : kCombineColumns, threads = problem.inner == 1 ? kWarpSize : kThreads;
  launch(combine_parts_kernel<Accumulator>, dim3(problem.outer, ceil_div(problem.inner, columns)), dim3(threads),
         threads * Accumulator::kFields * sizeof(float), problem.stream, problem.target, problem.plan.splits, problem.inner, columns);
}

Plan plan_of(const ReduceArgs& args) {
  const auto outer = static_cast<unsigned>(args.outer), reduced = static_cast<unsigned>(args.reduced);
  return args.inner == 1 ? plan_rows(outer, reduced) : plan_columns(outer, reduced, static_cast<unsigned>(args.inner));
}

unsigned fields_of(const ReduceArgs& args) {
  if (args.kind == ReduceKind::kMax) return RunningMaximum::kFields;
  if (args.kind == ReduceKind::kMoments) return Moments::kFields;
  return Sums<1>::kFields * std::max(1, args.value_count);
}

using F = Function;
constexpr Access kFull = Access::kFull, kChannel = Access::kChannel;
using Identity = Pattern<Reads<kFull>>;
using Square = Pattern<Reads<kFull>, Op<F::kMul, 0, 0>>;
using Product = Pattern<Reads<kFull, kFull>, Op<F::kMul, 0, 1>>;
/** x + bias */
using AddBias = Pattern<Reads<kFull, kChannel>, Op<F::kAdd, 0, 1>>;

using HotSums = SourceList<CompiledValue<Identity>, CompiledValue<Square>, CompiledValue<Product>, CompiledValue<norms::GainCurvature>>;
using HotPairs = SourceList<CompiledSource<norms::ReluSums, 6, 9>, CompiledSource<norms::LeakyReluSums, 7, 10>,
                            CompiledSource<norms::BiasedSampleSums, 10, 14>, CompiledSource<norms::BiasedChannelSums, 8, 12>>;
using HotTriples = SourceList<CompiledSource<norms::BiasedCurvatureSums, 0, 11, 16>>;
using HotMaxima = SourceList<CompiledValue<Identity>>;
using HotMoments = SourceList<CompiledValue<Identity>, CompiledValue<AddBias>>;

}  // namespace

void reduce(const ReduceArgs& args, cudaStream_t stream) {
  const int last = std::max(0, args.expression.instruction_count == 0 ? 0 : args.expression.operand_count + args.expression.instruction_count - 1);
  const std::span<const int> values = args.value_count == 0 ? std::span(&last, 1) : std::span(args.values, static_cast<size_t>(args.value_count));
  const auto outer = static_cast<unsigned>(args.outer), inner = static_cast<unsigned>(args.inner);
  const ReduceTarget target{args.y, outer * inner, args.factor, static_cast<float*>(args.workspace)};
  const Problem problem{args.expression, values, outer, static_cast<unsigned>(args.reduced), inner, plan_of(args), target, stream};
  if (args.kind == ReduceKind::kMax) return reduce_with<RunningMaximum, HotMaxima>(problem);
  if (args.kind == ReduceKind::kMoments) return reduce_with<Moments, HotMoments>(problem);
  if (values.size() == 1) return reduce_with<Sums<1>, HotSums>(problem);
  if (values.size() == 2) return reduce_with<Sums<2>, HotPairs>(problem);
  reduce_with<Sums<3>, HotTriples>(problem);
}

size_t reduce_workspace_bytes(const ReduceArgs& args) {
  const Plan plan = plan_of(args);
  return plan.splits == 1 ? 0 : sizeof(float) * args.outer * plan.splits * fields_of(args) * args.inner;
}

}  // namespace gannet::kernels
