#pragma once

#include "common.h"
#include "kernels.h"

// What happens to finished sums on their way to memory.
namespace gannet::kernels {

/** f(sum + bias) for the sum in `column`. */
__device__ __forceinline__ float finish(const Epilogue& epilogue, float sum, int column) {
  if (epilogue.bias != nullptr) sum += epilogue.bias[column];
  switch (epilogue.activation) {
    case Activation::kRelu:
      return fmaxf(sum, 0.f);
    case Activation::kLeakyRelu:
      return sum > 0.f ? sum : sum * epilogue.slope;
    case Activation::kTanh:
      return tanhf(sum);
    default:
      return sum;
  }
}

/** Writes neighbouring values in one access. */
template <int count>
__device__ __forceinline__ void store_group(float* target, const float (&values)[count]) {
  static_assert(count == 2 || count == 4);
  if constexpr (count == 4) {
    store4(target, make_float4(values[0], values[1], values[2], values[3]));
  } else {
    *reinterpret_cast<float2*>(target) = make_float2(values[0], values[1]);
  }
}

/** Writes the sums of one block: finished to the result, or raw to its part of the workspace when the reduction is split. */
template <class Output>
struct Store {
  /** Where a row of the result starts, or -1 below its last row. */
  using Row = int;

  float* target;
  const Output& out;
  int first_row, rows, first_column, columns;
  const Epilogue& epilogue;
  bool raw;

  __device__ __forceinline__ Row row(int row_of_tile) const {
    const int row = first_row + row_of_tile;
    return row < rows ? out.position(row).offset : -1;
  }

  template <int count>
  __device__ __forceinline__ void operator()(Row row, int column_of_tile, const float (&sums)[count]) const {
    const int column = first_column + column_of_tile;
    if (row < 0 || column >= columns) return;
    float values[count];
#pragma unroll
    for (int i = 0; i < count; i++) values[i] = raw || column + i >= columns ? sums[i] : finish(epilogue, sums[i], column + i);
    if (columns % count == 0) {
      store_group(target + row + column, values);
    } else {
#pragma unroll
      for (int i = 0; i < count; i++) {
        if (column + i < columns) target[row + column + i] = values[i];
      }
    }
  }
};

}  // namespace gannet::kernels
