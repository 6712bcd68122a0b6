#pragma once

#include "common/basics.h"

#if defined(GANNET_SIMT)
#include "simt/matrix.h"
#endif

// bfloat16: the upper half of a float32. In memory two neighbours share a word, the first one in its low half.
namespace gannet::kernels {

/** Two floats rounded to bfloat16 (to nearest even), `low` in bits 0-15. */
__device__ __forceinline__ uint32_t pack_bf16(float low, float high) {
#if defined(GANNET_SIMT)
  return simt::pack_bf16(low, high);
#elif GANNET_ARCH >= 800
  uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
#else
  return (__float_as_uint(low) >> 16) | (__float_as_uint(high) & 0xffff0000u);
#endif
}

/** The first and the second number of a word. */
__device__ __forceinline__ float low_bf16(uint32_t pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float high_bf16(uint32_t pair) { return __uint_as_float(pair & 0xffff0000u); }

/** Four numbers rounded to bfloat16. */
__device__ __forceinline__ float4 rounded_bf16(float4 four) {
  const uint32_t first = pack_bf16(four.x, four.y), second = pack_bf16(four.z, four.w);
  return make_float4(low_bf16(first), high_bf16(first), low_bf16(second), high_bf16(second));
}

}  // namespace gannet::kernels
