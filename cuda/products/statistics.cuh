#pragma once

#include "expressions/norm_formulas.h"
#include "products/epilogue.cuh"
#include "reductions/column_totals.h"

// An epilogue that takes statistics of the product's result while it writes it: for batch norm the moments of each channel, or of a
// gradient the sums that the gradients of bias and gain are.
//
// Each thread writes four columns of its block's result, always the same ones, and accumulates them. Then the threads with equal columns
// are combined through shared memory; the sums have been read from there by then. The columns of a matrix product may be the channels of
// several pixels, so the channels repeat along the columns. Each block writes one partial result for each repetition:
//
//   partials    (row blocks x repeats, fields, channels), repeats = columns / channels
//
// A second launch combines them (combine_partials).
namespace gannet::kernels {

constexpr int kStatisticsOperands = 4;
constexpr int kStatisticsInstructions = 5;

/** Statistics as kernels take them, by value. Number 0 stands for none. */
struct StatisticsCode {
  int number = 0;
  /** What the result is in memory. Statistics are of the numbers after rounding to this type. */
  Element result = Element::kFloat32;
  float* partials = nullptr;
  Divider channels;
  unsigned repeats = 1;
  ExpressionOperand operands[kStatisticsOperands];
  float values[kStatisticsInstructions] = {};
};

/** Statistics that are compiled: accumulator A of some registers of an expression whose operand kResult is the product's result. */
template <typename A, int kResult, typename P, int... kRegisters>
struct Statistic {
  using Accumulator = A;
  static constexpr int kValues = A::kValues;
  static_assert(kValues == sizeof...(kRegisters) && P::kOperands <= kStatisticsOperands && P::kInstructions <= kStatisticsInstructions);

  static bool is(const Statistics& statistics) {
    const ReduceArgs& args = statistics.reduction;
    constexpr int registers[] = {kRegisters...};
    if (args.kind != A::kKind || statistics.result != kResult || !P::matches(args.expression)) return false;
    return args.kind != ReduceKind::kSum || (args.value_count == kValues && std::equal(registers, registers + kValues, args.values));
  }

  template <Values kStored>
  static __device__ __forceinline__ void evaluate(const StatisticsCode& code, float4 result, unsigned first, int count,
                                                  float4 (&values)[kValues]) {
    if constexpr (kStored == Values::kMixed) {
      if (code.result == Element::kBfloat16) result = rounded_bf16(result);
    }
    float4 registers[P::kRegisters];
    P::template evaluate_given<kStored, kResult>(code, result, first, count, registers);
    constexpr int taken[] = {kRegisters...};
#pragma unroll
    for (int i = 0; i < kValues; i++) values[i] = registers[taken[i]];
  }
};

template <typename... List>
struct StatisticList {
  /** The number of these statistics, or 0 if they are not in the list. */
  static int number_of(const Statistics& statistics) {
    int number = 0;
    return ((number++, List::is(statistics)) || ...) ? number : 0;
  }

  /** Calls body(statistic) with the one that has this number. */
  template <typename Body>
  static __device__ __forceinline__ void visit(int number, const Body& body) {
    int i = 0;
    static_cast<void>(((++i == number && (body(List{}), true)) || ...));
  }
  template <typename Body>
  static void visit_on_host(int number, const Body& body) {
    int i = 0;
    static_cast<void>(((++i == number && (body(List{}), true)) || ...));
  }
};

namespace detail {

template <typename A, int kResult, typename P, typename Registers>
struct StatisticFor;
template <typename A, int kResult, typename P, int... kRegisters>
struct StatisticFor<A, kResult, P, std::integer_sequence<int, kRegisters...>> {
  using Type = Statistic<A, kResult, P, kRegisters...>;
};

}  // namespace detail

/** Accumulator A of the results of a formula whose operand kResult is the product's result. */
template <typename A, int kResult, const Formula& kFormula>
using StatisticOf = typename detail::StatisticFor<A, kResult, PatternOf<kFormula>, ResultsOf<kFormula>>::Type;

using TakenStatistics = StatisticList<StatisticOf<Moments, 0, kIdentity>, StatisticOf<Moments, 0, kAddBias>,
                                      StatisticOf<Sums<2>, 0, norms::kReluSums>, StatisticOf<Sums<2>, 1, norms::kLeakyReluSums>>;

/** The statistics that a block takes of what it writes. */
template <class Tile, Values kStored, class Statistic>
class BlockStatistics {
 public:
  __device__ __forceinline__ explicit BlockStatistics(const StatisticsCode& code) : code_(code) {}

  /** Accumulates four neighbours from `first` on, of which `count` exist. */
  __device__ __forceinline__ void operator()(float4 result, unsigned first, int count) {
    float4 values[Statistic::kValues];
    Statistic::template evaluate<kStored>(code_, result, first, count, values);
    totals_.add(values, count);
  }

  /** Combines what the threads have accumulated, in shared memory that nothing else uses any more, and stores the block's partials. */
  __device__ __forceinline__ void store(float* shared, int row_block, const Extent& extent) {
    const ColumnScratch<Accumulator> scratch{shared, Tile::kColumns};
    __syncthreads();
    scratch.put(threadIdx.x / kGroups, threadIdx.x % kGroups * 4, totals_);
    scratch.combine_rows(Tile::kThreads / kGroups);
    for (int i = threadIdx.x; i < min(Tile::kColumns, extent.columns - extent.first_column); i += Tile::kThreads) {
      const unsigned column = extent.first_column + i, repeat = code_.channels.divide(column);
      float* partial = code_.partials + (row_block * code_.repeats + repeat) * Accumulator::kFields * code_.channels.divisor;
      store_fields(partial + code_.channels.remainder(column, repeat), code_.channels.divisor, scratch.get(0, i));
    }
  }

 private:
  using Accumulator = typename Statistic::Accumulator;
  static constexpr int kGroups = Tile::kColumns / 4;
  static_assert(Tile::kThreads % kGroups == 0, "every thread must keep to its columns");
  const StatisticsCode& code_;
  FourTotals<Accumulator> totals_;
};

/** Writes a block's sums from shared memory, and the partials of their statistics. */
template <class Tile, Values kStored, class Output>
__device__ __forceinline__ void write_with_statistics(float* staged, float* target, bool aligned, const Output& out, int row_block,
                                                      const Extent& extent, const StatisticsCode& code) {
  TakenStatistics::visit(code.number, [&]<typename Statistic>(Statistic) {
    BlockStatistics<Tile, kStored, Statistic> statistics(code);
    write_staged<Tile, kStored>(staged, target, aligned, out, extent, code.result, nullptr, statistics);
    statistics.store(staged, row_block, extent);
  });
}

}  // namespace gannet::kernels
