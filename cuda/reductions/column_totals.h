#pragma once

#include "reductions/accumulators.h"

// What the threads of a block accumulate for the columns of a matrix. Each thread accumulates four neighbouring columns. The threads form
// rows; threads with equal columns in different rows are combined through shared memory.
namespace gannet::kernels {

/** Adds elements 0 .. count of `values` to a total. */
template <typename Accumulator, int kValues>
__device__ __forceinline__ void add_element(Accumulator& total, const float4 (&values)[kValues], float float4::*member) {
  float element[kValues];
#pragma unroll
  for (int i = 0; i < kValues; i++) element[i] = values[i].*member;
  total.add(element);
}

/** What one thread accumulates for four neighbouring columns. */
template <typename Accumulator>
struct FourTotals {
  Accumulator totals[4];

  /** Adds what the first `count` of four neighbours contribute. */
  template <int kValues>
  __device__ __forceinline__ void add(const float4 (&values)[kValues], int count) {
    add_element(totals[0], values, &float4::x);
    if (count > 1) add_element(totals[1], values, &float4::y);
    if (count > 2) add_element(totals[2], values, &float4::z);
    if (count > 3) add_element(totals[3], values, &float4::w);
  }
};

/** The totals of all threads in shared memory, (row of threads, field, column). */
template <typename Accumulator>
struct ColumnScratch {
  float* data;
  unsigned columns;

  __device__ __forceinline__ float* at(unsigned row, unsigned column) const { return data + row * Accumulator::kFields * columns + column; }
  __device__ __forceinline__ void put(unsigned row, unsigned column, const Accumulator& value) const {
    store_fields(at(row, column), columns, value);
  }
  /** Finishes the totals of columns `column` to `column` + 3. */
  __device__ __forceinline__ void put(unsigned row, unsigned column, FourTotals<Accumulator>& four) const {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      four.totals[j].finish();
      put(row, column + j, four.totals[j]);
    }
  }
  __device__ __forceinline__ Accumulator get(unsigned row, unsigned column) const {
    return load_fields<Accumulator>(at(row, column), columns);
  }
  /** Combines the rows as a tree; their number is a power of two. Row 0 receives the totals. All threads may read them afterwards. */
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

}  // namespace gannet::kernels
