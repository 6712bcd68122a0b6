#pragma once

#include "expressions/activation_patterns.h"
#include "reductions/column_totals.h"
#include "products/epilogue.cuh"
#include "expressions/norm_patterns.h"

// Statistics of a product's result, taken while it is written: what batch norm wants of each channel, its moments, or of a gradient the
// sums that follow from it.
//
// Each thread writes four columns of its block's result, always the same ones, and so accumulates for these. Threads of equal columns are
// combined through shared memory, where the sums have been read by then. What a block has found is a part:
//
//   parts    (row blocks x repeats, fields, channels), repeats = columns / channels
//
// since the columns of a matrix product may be several pixels' channels. A second launch combines the parts (combine_parts).
namespace gannet::kernels {

constexpr int kStatisticsOperands = 5;
constexpr int kStatisticsInstructions = 6;

/** What a kernel must know to take statistics; passed by value. Number 0 takes none. */
struct StatisticsCode {
  int number = 0;
  /** What the result is in memory: statistics are of the numbers that are kept. */
  Element result = Element::kFloat32;
  float* parts = nullptr;
  Divider channels;
  unsigned repeats = 1;
  ExpressionOperand operands[kStatisticsOperands];
  float values[kStatisticsInstructions] = {};
};

/** What accumulator A makes of registers of an expression whose operand kResult is the product's result. */
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
  /** The number of some statistics, or 0 if they are none of these. */
  static int number_of(const Statistics& statistics) {
    int number = 0;
    return ((number++, List::is(statistics)) || ...) ? number : 0;
  }

  /** Calls body(statistic) with that of a number. */
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

using TakenStatistics = StatisticList<Statistic<Moments, 0, Pattern<Reads<Access::kFull>>, 0>, Statistic<Moments, 0, AddBias<>, 2>,
                                      Statistic<Sums<2>, 0, norms::ReluSums, 6, 9>, Statistic<Sums<2>, 1, norms::LeakyReluSums, 7, 10>>;

/** What a block accumulates of the result that it writes. */
template <class Tile, Values kStored, class Statistic>
class BlockStatistics {
 public:
  __device__ __forceinline__ explicit BlockStatistics(const StatisticsCode& code) : code_(code) {}

  /** Takes four neighbours from `first`, of which `count` exist. */
  __device__ __forceinline__ void operator()(float4 result, unsigned first, int count) {
    float4 values[Statistic::kValues];
    Statistic::template evaluate<kStored>(code_, result, first, count, values);
    totals_.add(values, count);
  }

  /** Combines what the threads have seen, in shared memory that nothing else needs any more, and stores the part. */
  __device__ __forceinline__ void store(float* shared, int row_block, const Extent& extent) {
    const ColumnScratch<Accumulator> scratch{shared, Tile::kColumns};
    __syncthreads();
    scratch.put(threadIdx.x / kGroups, threadIdx.x % kGroups * 4, totals_);
    scratch.combine_rows(Tile::kThreads / kGroups);
    for (int i = threadIdx.x; i < min(Tile::kColumns, extent.columns - extent.first_column); i += Tile::kThreads) {
      const unsigned column = extent.first_column + i, repeat = code_.channels.divide(column);
      float* part = code_.parts + (row_block * code_.repeats + repeat) * Accumulator::kFields * code_.channels.divisor;
      store_fields(part + code_.channels.remainder(column, repeat), code_.channels.divisor, scratch.get(0, i));
    }
  }

 private:
  using Accumulator = typename Statistic::Accumulator;
  static constexpr int kGroups = Tile::kColumns / 4;
  static_assert(Tile::kThreads % kGroups == 0, "every thread must keep to its columns");
  const StatisticsCode& code_;
  FourTotals<Accumulator> totals_;
};

/** Writes staged sums as they are, and the statistics of them. */
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
