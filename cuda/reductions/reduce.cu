#include <algorithm>
#include <span>

#include "expressions/interpreter.h"
#include "expressions/norm_formulas.h"
#include "reductions/reduce_columns.cuh"

// y[result][outer][inner] = up to three sums, the maximum, or the moments of an expression over (outer, reduced, inner), taken over the
// middle axis, in one pass over the operands. With inner = 1 this reduces the rows of a matrix, otherwise columns:
//
// rows      T threads share a row (T is 4, 32 or the whole block). Each takes every T-th group of four neighbours. They are combined by
//           shuffles.
// columns   a block covers 4 * lanes neighbouring columns with `lanes` threads, and blockDim / lanes rows at a time. Threads are combined
//           through shared memory. Where columns are few, several rows are treated as one wide row ("folded"). So reads are 16 bytes wide
//           even for the three channels of an image.
//
// If there are too few rows or columns to fill a GPU, several blocks share the reduced axis. They write their accumulators, the partial
// results, to the workspace (outer, splits, fields, inner), and a second launch combines them. The shape alone decides about the splits.
namespace gannet::kernels {

/** Evaluates a compiled expression and gives some of its registers. */
template <Values kStored, typename P, int... kRegisters>
struct CompiledSource {
  using Code = typename P::Code;
  static constexpr int kValues = sizeof...(kRegisters);

  static bool matches(const Expression& expression, std::span<const int> values) {
    constexpr int registers[] = {kRegisters...};
    return P::matches(expression) && std::equal(values.begin(), values.end(), registers, registers + kValues);
  }
  static __device__ __forceinline__ void evaluate(const Code& code, float*, unsigned first, int count, float4 (&values)[kValues]) {
    float4 registers[P::kRegisters];
    P::template evaluate<kStored>(code, first, count, registers);
    constexpr int taken[] = {kRegisters...};
#pragma unroll
    for (int i = 0; i < kValues; i++) values[i] = registers[taken[i]];
  }
  static Code encode(const Expression& expression, unsigned total) { return P::encode(expression, total); }
};

/** Evaluates any other expression, in slots of shared memory. */
template <Values kStored, int kCount>
struct InterpretedSource {
  using Code = InterpretedCode;
  static constexpr int kValues = kCount;

  static __device__ __forceinline__ void evaluate(const Code& code, float* slots, unsigned first, int count, float4 (&values)[kCount]) {
    evaluate_values<kStored>(code, slots, first, count, values);
  }
};

/** `rows` rows of `length` elements. Each row is cut into gridDim.y pieces of `piece` elements, a multiple of four. */
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
    // The expression has been evaluated, so its slots in shared memory are free for the totals of the warps.
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

/** Combines the partial results of a reduction. A block has `columns` neighbouring columns and blockDim / columns rows of threads. The
 *  threads of row r take the splits r, r + rows, r + 2 rows, ..., and then the rows are combined. Grid: (outer, tiles of inner). */
template <typename Accumulator>
__global__ void combine_partials_kernel(ReduceTarget target, unsigned splits, unsigned inner, unsigned columns) {
  const unsigned column = threadIdx.x % columns, thread_row = threadIdx.x / columns, thread_rows = blockDim.x / columns;
  const unsigned i = blockIdx.y * columns + column;
  Accumulator total;
  if (i < inner) {
    for (unsigned partial = thread_row; partial < splits; partial += thread_rows) {
      total.combine(load_fields<Accumulator>(target.partials + (blockIdx.x * splits + partial) * Accumulator::kFields * inner + i, inner));
    }
  }
  const ColumnScratch<Accumulator> scratch{shared_memory<float>(), columns};
  scratch.put(thread_row, column, total);
  scratch.combine_rows(thread_rows);
  if (thread_row == 0 && i < inner) store_results(target, blockIdx.x * inner + i, scratch.get(0, column));
}

namespace {

/** Columns of a block that combines partial results. */
constexpr unsigned kCombineColumns = 8;

/** A reduction and how it is spread over the GPU. */
struct Problem {
  const ReduceArgs& args;
  /** The registers that are reduced. */
  std::span<const int> values;
  Plan plan;
  cudaStream_t stream;

  unsigned total() const {
    return static_cast<unsigned>(args.outer) * static_cast<unsigned>(args.reduced) * static_cast<unsigned>(args.inner);
  }
};

template <typename Source, typename Accumulator>
struct Launcher {
  const Problem& problem;
  const typename Source::Code& code;
  unsigned threads;
  size_t slot_bytes;

  template <int kLanes>
  void rows() const {
    const auto& [args, values, plan, stream] = problem;
    const auto outer = static_cast<unsigned>(args.outer);
    const unsigned per_block = kLanes > kWarpSize ? 1 : threads / kLanes;
    const size_t scratch = kLanes > kWarpSize ? threads / kWarpSize * Accumulator::kFields * sizeof(float) : 0;
    launch(reduce_rows_kernel<Source, Accumulator, kLanes>, dim3(ceil_div(outer, per_block), plan.splits), dim3(threads),
           std::max(threads * slot_bytes, scratch), stream, target_of(args), code,
           RowShape{outer, static_cast<unsigned>(args.reduced), plan.piece});
  }

  void run() const {
    if (problem.args.inner > 1) {
      return launch_columns<Source, Accumulator>(code, problem.args, problem.plan, threads, slot_bytes, problem.stream);
    }
    if (problem.plan.lanes == 4) return rows<4>();
    if (problem.plan.lanes == kWarpSize) return rows<kWarpSize>();
    rows<kReduceThreads>();
  }
};

template <Values kStored, typename P, typename Registers>
struct SourceFor;
template <Values kStored, typename P, int... kRegisters>
struct SourceFor<kStored, P, std::integer_sequence<int, kRegisters...>> {
  using Type = CompiledSource<kStored, P, kRegisters...>;
};

/** The source of a formula's results. */
template <Values kStored, const Formula& kFormula>
using SourceOf = typename SourceFor<kStored, PatternOf<kFormula>, ResultsOf<kFormula>>::Type;

/** The formulas that are compiled for an accumulator. */
template <const Formula&... kFormulas>
struct SourceList {
  /** Whether the expression is one of them, which is then reduced. */
  template <Values kStored, typename Accumulator>
  static bool run(const Problem& problem) {
    return ((SourceOf<kStored, kFormulas>::matches(problem.args.expression, problem.values) &&
             (run_one<SourceOf<kStored, kFormulas>, Accumulator>(problem), true)) ||
            ...);
  }

 private:
  template <typename Source, typename Accumulator>
  static void run_one(const Problem& problem) {
    Launcher<Source, Accumulator>{problem, Source::encode(problem.args.expression, problem.total()), kReduceThreads, 0}.run();
  }
};

template <Values kStored, typename Accumulator, typename HotSources>
void accumulate(const Problem& problem) {
  if (HotSources::template run<kStored, Accumulator>(problem)) return;
  const InterpretedCode code = interpret(problem.args.expression, problem.total(), problem.values);
  Launcher<InterpretedSource<kStored, Accumulator::kValues>, Accumulator>{problem, code, interpreter_threads(code, kReduceThreads),
                                                                          interpreter_bytes(code)}
      .run();
}

template <typename Accumulator, typename HotSources>
void reduce_with(const Problem& problem) {
  if (values_of(problem.args.expression) == Values::kMixed) {
    accumulate<Values::kMixed, Accumulator, HotSources>(problem);
  } else {
    accumulate<Values::kFloat32, Accumulator, HotSources>(problem);
  }
}

template <typename Accumulator>
void combine_with(const ReduceArgs& args, unsigned splits, cudaStream_t stream) {
  const auto outer = static_cast<unsigned>(args.outer), inner = static_cast<unsigned>(args.inner);
  const unsigned columns = inner == 1 ? 1 : kCombineColumns, threads = inner == 1 ? kWarpSize : kReduceThreads;
  launch(combine_partials_kernel<Accumulator>, dim3(outer, ceil_div(inner, columns)), dim3(threads),
         threads * Accumulator::kFields * sizeof(float), stream, target_of(args), splits, inner, columns);
}

inline constexpr Formula kSquare = [] {
  formula::Builder f;
  const auto x = f.full();
  return f.results(x * x);
}();

using HotSums = SourceList<kIdentity, kSquare, kMultiply, norms::kGainCurvature>;
using HotPairs = SourceList<norms::kReluSums, norms::kLeakyReluSums, norms::kBiasedPixelMeans>;
using HotTriples = SourceList<norms::kBiasedCurvatureSums>;
using HotMaxima = SourceList<kIdentity>;
using HotMoments = SourceList<kIdentity, kAddBias>;

void reduce_partials(const Problem& problem) {
  const size_t count = problem.values.size();
  if (problem.args.kind == ReduceKind::kMax) return reduce_with<RunningMaximum, HotMaxima>(problem);
  if (problem.args.kind == ReduceKind::kMoments) return reduce_with<Moments, HotMoments>(problem);
  if (count == 1) return reduce_with<Sums<1>, HotSums>(problem);
  if (count == 2) return reduce_with<Sums<2>, HotPairs>(problem);
  reduce_with<Sums<3>, HotTriples>(problem);
}

}  // namespace

unsigned fields_of(const ReduceArgs& args) {
  if (args.kind == ReduceKind::kMax) return RunningMaximum::kFields;
  if (args.kind == ReduceKind::kMoments) return Moments::kFields;
  return Sums<1>::kFields * std::max(1, args.value_count);
}

void combine_partials(const ReduceArgs& args, unsigned splits, cudaStream_t stream) {
  if (args.kind == ReduceKind::kMax) return combine_with<RunningMaximum>(args, splits, stream);
  if (args.kind == ReduceKind::kMoments) return combine_with<Moments>(args, splits, stream);
  if (args.value_count <= 1) return combine_with<Sums<1>>(args, splits, stream);
  if (args.value_count == 2) return combine_with<Sums<2>>(args, splits, stream);
  combine_with<Sums<3>>(args, splits, stream);
}

void reduce(const ReduceArgs& args, cudaStream_t stream) {
  const int last =
      std::max(0, args.expression.instruction_count == 0 ? 0 : args.expression.operand_count + args.expression.instruction_count - 1);
  const std::span<const int> values =
      args.value_count == 0 ? std::span(&last, 1) : std::span(args.values, static_cast<size_t>(args.value_count));
  const Plan plan = plan_of(args);
  reduce_partials({args, values, plan, stream});
  if (plan.splits > 1) combine_partials(args, plan.splits, stream);
}

size_t reduce_workspace_bytes(const ReduceArgs& args) {
  const Plan plan = plan_of(args);
  return plan.splits == 1 ? 0 : sizeof(float) * args.outer * plan.splits * fields_of(args) * args.inner;
}

}  // namespace gannet::kernels
