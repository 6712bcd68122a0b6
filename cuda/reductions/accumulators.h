#pragma once

#include "kernels.h"
#include "reductions/compensated.h"

// Accumulators of reductions. Each has
//   kKind       the reduction that it is for
//   kValues     how many numbers one element contributes
//   kResults    how many results it has
//   kFields     how many numbers it takes in memory
// First add(values) is called for every element, then finish() once. After that there are combine(other), with another finished one, and
// result(i). field(i) gives the numbers that are stored and loaded.
namespace gannet::kernels {

/** Sums of several numbers per element. */
template <int kCount>
struct Sums {
  static constexpr ReduceKind kKind = ReduceKind::kSum;
  static constexpr int kValues = kCount, kResults = kCount, kFields = 2 * kCount;

  CompensatedSum sums[kCount];

  __device__ __forceinline__ void add(const float (&values)[kValues]) {
#pragma unroll
    for (int i = 0; i < kCount; i++) sums[i].add(values[i]);
  }
  __device__ __forceinline__ void finish() {}
  __device__ __forceinline__ void combine(const Sums& other) {
#pragma unroll
    for (int i = 0; i < kCount; i++) sums[i].combine(other.sums[i]);
  }
  __device__ __forceinline__ float result(int i) const { return sums[i].result(); }

  __device__ __forceinline__ float& field(int i) { return i % 2 == 0 ? sums[i / 2].sum : sums[i / 2].error; }
};

/** A running maximum. NaN counts as the greatest number. */
struct RunningMaximum {
  static constexpr ReduceKind kKind = ReduceKind::kMax;
  static constexpr int kValues = 1, kResults = 1, kFields = 1;

  float maximum = -INFINITY;

  __device__ __forceinline__ void add(const float (&values)[kValues]) {
    maximum = maximum != maximum || maximum > values[0] ? maximum : values[0];
  }
  __device__ __forceinline__ void finish() {}
  __device__ __forceinline__ void combine(const RunningMaximum& other) { add({other.maximum}); }
  __device__ __forceinline__ float result(int) const { return maximum; }

  __device__ __forceinline__ float& field(int) { return maximum; }
};

/** Mean and variance in one pass. E[x^2] - E[x]^2 would lose all digits where the mean is large. So each thread subtracts the first number
 *  that it sees from all others. Either this number is near the mean, or it makes the variance large itself.
 *  @see Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances (1979) */
struct Moments {
  static constexpr ReduceKind kKind = ReduceKind::kMoments;
  static constexpr int kValues = 1, kResults = 2, kFields = 3;

  float count = 0.0f;
  /** Before finish(): the number that is subtracted. */
  float mean = 0.0f;
  /** Sum of squared differences from `mean`. */
  float squares = 0.0f;
  /** Sum of differences from `mean`, until finish(). */
  float sum = 0.0f;

  __device__ __forceinline__ void add(const float (&values)[kValues]) {
    if (count == 0.0f) mean = values[0];
    const float difference = values[0] - mean;
    count += 1.0f;
    sum += difference;
    squares += difference * difference;
  }
  __device__ __forceinline__ void finish() {
    if (count == 0.0f) return;
    const float shift = sum / count;
    mean += shift;
    squares -= sum * shift;
    // Below zero by rounding alone; NaN stays NaN.
    if (squares < 0.0f) squares = 0.0f;
  }
  __device__ __forceinline__ void combine(const Moments& other) {
    if (other.count == 0.0f) return;
    const float total = count + other.count, share = other.count / total, between = other.mean - mean;
    squares += other.squares + between * between * (count * share);
    mean += between * share;
    count = total;
  }
  /** The mean, then the variance. */
  __device__ __forceinline__ float result(int i) const { return i == 0 ? mean : squares / count; }

  __device__ __forceinline__ float& field(int i) { return i == 0 ? count : i == 1 ? mean : squares; }
};

/** Writes the fields of a finished accumulator, `stride` numbers apart. */
template <typename Accumulator>
__device__ __forceinline__ void store_fields(float* target, unsigned stride, Accumulator value) {
#pragma unroll
  for (int i = 0; i < Accumulator::kFields; i++) target[i * stride] = value.field(i);
}

template <typename Accumulator>
__device__ __forceinline__ Accumulator load_fields(const float* source, unsigned stride) {
  Accumulator value;
#pragma unroll
  for (int i = 0; i < Accumulator::kFields; i++) value.field(i) = source[i * stride];
  return value;
}

}  // namespace gannet::kernels
