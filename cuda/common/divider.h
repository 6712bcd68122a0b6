#pragma once

#include "common/basics.h"

namespace gannet::kernels {

/** Division of numbers below 2^31 by a number known before the launch, as one multiplication.
 *  @see Granlund, Montgomery: Division by invariant integers using multiplication (1994) */
struct Divider {
  unsigned divisor = 1, multiplier = 1, shift = 0;

  __device__ __forceinline__ unsigned divide(unsigned n) const {
    return (static_cast<unsigned>((static_cast<uint64_t>(n) * multiplier) >> 32) + n) >> shift;
  }

  /** n modulo the divisor, where the quotient is at hand. */
  __device__ __forceinline__ unsigned remainder(unsigned n, unsigned quotient) const { return n - quotient * divisor; }
};

/** 1 <= divisor < 2^31 */
inline Divider make_divider(unsigned divisor) {
  unsigned shift = 0;
  while ((1u << shift) < divisor) shift++;
  const uint64_t multiplier = (uint64_t{1} << 32) * ((uint64_t{1} << shift) - divisor) / divisor + 1;
  return {divisor, static_cast<unsigned>(multiplier), shift};
}

}  // namespace gannet::kernels
