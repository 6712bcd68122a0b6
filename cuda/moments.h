#pragma once

#include "common.h"

// Means and squared deviations in one pass over the data, without the cancellation of E[x^2] - E[x]^2.
namespace gannet::kernels {

/** The moments of `count` numbers x; with gradients, also the mean of g and the sum of (g - mean(g)) (x - mean(x)).
 *  @see Welford, Note on a method for calculating corrected sums of squares and products (1962)
 *  @see Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances (1979) */
template <bool kGradient>
struct Moments {
  /** Numbers that one value takes in memory. */
  static constexpr int kFields = kGradient ? 5 : 3;

  float count = 0.0f, mean = 0.0f, squares = 0.0f, g_mean = 0.0f, products = 0.0f;

  __device__ __forceinline__ void add(float x, float g, float new_count, float inverse_of_new_count) {
    count = new_count;
    const float before = x - mean;
    mean += before * inverse_of_new_count;
    const float after = x - mean;
    squares += before * after;
    if constexpr (kGradient) {
      const float g_before = g - g_mean;
      g_mean += g_before * inverse_of_new_count;
      products += g_before * after;
    }
  }

  __device__ __forceinline__ void combine(const Moments& other) {
    if (other.count == 0.0f) return;
    const float total = count + other.count;
    const float share = other.count / total;
    const float between = other.mean - mean;
    squares += other.squares + between * between * (count * share);
    mean += between * share;
    if constexpr (kGradient) {
      const float g_between = other.g_mean - g_mean;
      products += other.products + between * g_between * (count * share);
      g_mean += g_between * share;
    }
    count = total;
  }

  /** Fields lie `stride` floats apart. */
  __device__ __forceinline__ void store(float* target, unsigned stride) const {
    target[0] = count;
    target[stride] = mean;
    target[2 * stride] = squares;
    if constexpr (kGradient) {
      target[3 * stride] = g_mean;
      target[4 * stride] = products;
    }
  }
  static __device__ __forceinline__ Moments load(const float* source, unsigned stride) {
    Moments value;
    value.count = source[0];
    value.mean = source[stride];
    value.squares = source[2 * stride];
    if constexpr (kGradient) {
      value.g_mean = source[3 * stride];
      value.products = source[4 * stride];
    }
    return value;
  }
};

}  // namespace gannet::kernels
