#pragma once

#include "common/basics.h"

// Sums that carry what rounding loses beside them: nearly as accurate as in double, at six additions each.
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
  /** Of infinite or undefined sums no error can be known. */
  __device__ __forceinline__ float result() const { return fabsf(sum) < INFINITY ? sum + error : sum; }
};

}  // namespace gannet::kernels
