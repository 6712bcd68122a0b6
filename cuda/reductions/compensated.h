#pragma once

#include "common/basics.h"

// Compensated sums: each carries the rounding errors of its additions beside it. They are nearly as accurate as sums in double precision,
// and take six additions for each number.
namespace gannet::kernels {

/** A running sum; its true value is sum + error. @see Knuth, The Art of Computer Programming, vol. 2, 4.2.2, theorem B */
struct CompensatedSum {
  float sum = 0.0f, error = 0.0f;

  __device__ __forceinline__ void add(float value) {
    const float total = sum + value;
    const float kept = total - sum;
    error += (sum - (total - kept)) + (value - kept);
    sum = total;
  }
  __device__ __forceinline__ void combine(const CompensatedSum& other) {
    add(other.sum);
    error += other.error;
  }
  /** An infinite sum or NaN has no error that could be added. */
  __device__ __forceinline__ float result() const { return fabsf(sum) < INFINITY ? sum + error : sum; }
};

}  // namespace gannet::kernels
