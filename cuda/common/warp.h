#pragma once

// Sums and maxima over the lanes of a warp and the threads of a block, in an order that never changes.

#include "common/basics.h"

namespace gannet::kernels {

/** This thread's position in its block, the x index running fastest. */
__device__ __forceinline__ int thread_rank() {
  return static_cast<int>(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z));
}
__device__ __forceinline__ int lane_index() { return thread_rank() % kWarpSize; }
__device__ __forceinline__ int warp_index() { return thread_rank() / kWarpSize; }
__device__ __forceinline__ int threads_of_block() { return static_cast<int>(blockDim.x * blockDim.y * blockDim.z); }

struct Sum {
  __device__ static float identity() { return 0.f; }
  __device__ static float combine(float a, float b) { return a + b; }
};
struct Maximum {
  __device__ static float identity() { return -INFINITY; }
  __device__ static float combine(float a, float b) { return fmaxf(a, b); }
};

/** Combines a value of each lane; every lane receives the result. All 32 lanes take part. */
template <typename Combination>
__device__ __forceinline__ float warp_reduce(float value) {
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    value = Combination::combine(value, __shfl_xor_sync(kFullWarp, value, distance));
  }
  return value;
}

__device__ __forceinline__ float warp_sum(float value) { return warp_reduce<Sum>(value); }
__device__ __forceinline__ float warp_max(float value) { return warp_reduce<Maximum>(value); }

/** Combines a value of each thread; every thread receives the result. The block is whole warps; `scratch` is 32 floats of
 *  shared memory, free before the call for all threads and after it for all threads. */
template <typename Combination>
__device__ __forceinline__ float block_reduce(float value, float* scratch) {
  const int lane = lane_index();
  value = warp_reduce<Combination>(value);
  if (lane == 0) scratch[warp_index()] = value;
  __syncthreads();
  value = lane < threads_of_block() / kWarpSize ? scratch[lane] : Combination::identity();
  value = warp_reduce<Combination>(value);
  __syncthreads();
  return value;
}

__device__ __forceinline__ float block_sum(float value, float* scratch) { return block_reduce<Sum>(value, scratch); }
__device__ __forceinline__ float block_max(float value, float* scratch) { return block_reduce<Maximum>(value, scratch); }

}  // namespace gannet::kernels
