// Kernels without faults, whose results must not depend on the order of the fibers; and one whose result does.

#include "cases.h"
#include "common/async_copy.h"
#include "common/mma.h"
#include "common/warp.h"

namespace gannet::kernels {

// c = a b, all n x n row-major: a block of 4 warps computes 32 x 16 in TF32 with two stages of 8 along the reduction.
__global__ void pipelined_product_kernel(float* __restrict__ c,        // (n, n)
                                         const float* __restrict__ a,  // (n, n)
                                         const float* __restrict__ b,  // (n, n)
                                         int n) {
  constexpr int kRows = 32, kColumns = 16, kDepth = 8, kStages = 2;
  float* aTiles = shared_memory<float>();             // (stages, rows, depth)
  float* bTiles = aTiles + kStages * kRows * kDepth;  // (stages, depth, columns)
  const int row0 = static_cast<int>(blockIdx.y) * kRows;
  const int column0 = static_cast<int>(blockIdx.x) * kColumns;
  const int thread = static_cast<int>(threadIdx.x);

  const auto fetch = [&](int step) {
    const int stage = step % kStages;
    const int k0 = step * kDepth;
    if (thread < kRows * kDepth / 4) {
      const int row = thread / 2, k = thread % 2 * 4;
      cp_async_16(aTiles + (stage * kRows + row) * kDepth + k, a + (row0 + row) * n + k0 + k, k0 < n);
    }
    const int k = thread / kColumns, column = thread % kColumns;
    cp_async_4(bTiles + (stage * kDepth + k) * kColumns + column, b + (k0 + k) * n + column0 + column, k0 < n);
    cp_async_commit();
  };

  const int lane = lane_index(), g = lane / 4, t = lane % 4;
  const int warpRow = warp_index() / 2 * 16, warpColumn = warp_index() % 2 * 8;
  float d[4] = {};
  fetch(0);
  for (int step = 0; step * kDepth < n; ++step) {
    fetch(step + 1);
    cp_async_wait<1>();
    __syncthreads();
    const float* aTile = aTiles + step % kStages * kRows * kDepth + warpRow * kDepth;
    const float* bTile = bTiles + step % kStages * kDepth * kColumns + warpColumn;
    const uint32_t fragmentA[4] = {to_tf32(aTile[g * kDepth + t]), to_tf32(aTile[(g + 8) * kDepth + t]), to_tf32(aTile[g * kDepth + t + 4]),
                                   to_tf32(aTile[(g + 8) * kDepth + t + 4])};
    const uint32_t fragmentB[2] = {to_tf32(bTile[t * kColumns + g]), to_tf32(bTile[(t + 4) * kColumns + g])};
    mma_m16n8k8_tf32(d, fragmentA, fragmentB);
    __syncthreads();
  }
  for (int i = 0; i < 4; ++i) {
    c[(row0 + warpRow + g + 8 * (i / 2)) * n + column0 + warpColumn + 2 * t + i % 2] = d[i];
  }
}

// The sum and the maximum of each row; one block per row.
__global__ void row_statistics_kernel(float* __restrict__ y,        // (rows, 2)
                                      const float* __restrict__ x,  // (rows, columns)
                                      int columns) {
  float* scratch = shared_memory<float>();
  float sum = 0.f, maximum = -INFINITY;
  for (int i = static_cast<int>(threadIdx.x); i < columns; i += static_cast<int>(blockDim.x)) {
    sum += x[blockIdx.x * columns + i];
    maximum = fmaxf(maximum, x[blockIdx.x * columns + i]);
  }
  sum = block_sum(sum, scratch);
  maximum = block_max(maximum, scratch);
  if (threadIdx.x == 0) {
    y[2 * blockIdx.x] = sum;
    y[2 * blockIdx.x + 1] = maximum;
  }
}

// What each lane gets from the warp's exchanges.
__global__ void exchanges_kernel(float* y) {  // (32, 6)
  const int lane = lane_index();
  const float value = static_cast<float>(lane);
  y[6 * lane + 0] = __shfl_xor_sync(kFullWarp, value, 5);
  y[6 * lane + 1] = __shfl_down_sync(kFullWarp, value, 3);
  y[6 * lane + 2] = __shfl_up_sync(kFullWarp, value, 3);
  y[6 * lane + 3] = __shfl_sync(kFullWarp, value, 9, 8);
  y[6 * lane + 4] = static_cast<float>(__popc(__ballot_sync(kFullWarp, lane % 3 == 0)));
  y[6 * lane + 5] = static_cast<float>(__any_sync(kFullWarp, lane == 7) + 2 * __all_sync(kFullWarp, lane < 31));
}

// The order in which threads come to a counter: the one thing that may differ between seeds.
__global__ void arrival_kernel(float* __restrict__ y, int* counter) { y[threadIdx.x] = static_cast<float>(atomicAdd(counter, 1)); }

std::vector<Case> sound_cases() {
  return {
      {"pipelined product",
       [] {
         constexpr int n = 64;
         std::vector<float> a(n * n), b(n * n);
         for (int i = 0; i < n * n; ++i) {
           a[i] = static_cast<float>(i * 37 % 101) / 50.f - 1.f;
           b[i] = static_cast<float>(i * 53 % 97) / 48.f - 1.f;
         }
         const Buffer<float> deviceA(a), deviceB(b), c(n * n);
         launch(pipelined_product_kernel, dim3(n / 16, n / 32), dim3(128), 4096, nullptr, c.data(), deviceA.data(), deviceB.data(), n);
         print(c.read());
       }},
      {"row statistics",
       [] {
         const Buffer<float> x(counting(5 * 700));
         const Buffer<float> y(10);
         launch(row_statistics_kernel, dim3(5), dim3(96), 128, nullptr, y.data(), x.data(), 700);
         print(y.read());
       }},
      {"exchanges",
       [] {
         const Buffer<float> y(6 * 32);
         launch(exchanges_kernel, dim3(1), dim3(32), 0, nullptr, y.data());
         print(y.read());
       }},
      {"order of arrival",
       [] {
         const Buffer<int> counter(std::vector<int>{0});
         const Buffer<float> y(128);
         launch(arrival_kernel, dim3(1), dim3(128), 0, nullptr, y.data(), counter.data());
         print(y.read());
       }},
  };
}

}  // namespace gannet::kernels
