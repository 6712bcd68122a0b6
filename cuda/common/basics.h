#pragma once

// What every kernel file includes: CUDA's own headers under nvcc; the simulator's when the same file is compiled as C++
// (-DGANNET_SIMT). Kernel code below this line does not care which.

#include <cstddef>
#include <cstdint>

#if defined(GANNET_SIMT)
#include "simt/cuda_runtime.h"
#else
#include <cuda_runtime.h>
#endif

// The architecture that device code is compiled for, as __CUDA_ARCH__ counts it; the simulator stands in for sm_80 unless
// told otherwise. 0 in host code.
#if defined(GANNET_SIMT)
#if !defined(GANNET_SIMT_ARCH)
#define GANNET_SIMT_ARCH 800
#endif
#define GANNET_ARCH GANNET_SIMT_ARCH
#elif defined(__CUDA_ARCH__)
#define GANNET_ARCH __CUDA_ARCH__
#else
#define GANNET_ARCH 0
#endif

namespace gannet::kernels {

constexpr int kWarpSize = 32;
constexpr unsigned kFullWarp = 0xffffffffu;

/** Smallest number of groups of `divisor` that hold `value` elements; both positive. */
template <typename Integer>
__host__ __device__ constexpr Integer ceil_div(Integer value, Integer divisor) {
  return (value + divisor - 1) / divisor;
}

/** True if the pointer may be read and written by load4 and store4. */
__host__ __device__ inline bool is_aligned_16(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; }

/** The block's dynamic shared memory, aligned to 128 bytes: the launch's `shared_bytes`. Each kernel divides it up by itself. */
template <typename T>
__device__ inline T* shared_memory() {
#if defined(GANNET_SIMT)
  return static_cast<T*>(simt::shared_memory());
#else
  extern __shared__ __align__(128) unsigned char gannet_shared_memory[];
  return reinterpret_cast<T*>(gannet_shared_memory);
#endif
}

/** A number as kernels write it to memory: every NaN becomes the same one. The NaN that GPUs make has all bits set. Products round by
 *  adding to the bits (to_tf32), and that would turn this NaN into zero. The host replaces NaNs in the same way (binding/native_run.h). */
__device__ __forceinline__ float writable(float value) {
  constexpr unsigned kNan = 0x7fc00000;
  return value == value ? value : __uint_as_float(kNan);
}

/** Four consecutive floats in one 16-byte access; `source` is 16-byte aligned (is_aligned_16). */
__device__ inline float4 load4(const float* source) { return *reinterpret_cast<const float4*>(source); }

/** Writes four consecutive floats in one 16-byte access; `target` is 16-byte aligned (is_aligned_16). */
__device__ inline void store4(float* target, float4 value) { *reinterpret_cast<float4*>(target) = value; }

}  // namespace gannet::kernels
