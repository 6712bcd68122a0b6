// Kernels with a planted fault each. Where it makes sense, the template's argument takes the fault out again, so that the test
// sees the sound kernel pass.

#include "cases.h"
#include "common/async_copy.h"
#include "common/mma.h"
#include "common/warp.h"

namespace gannet::kernels {

constexpr int kThreads = 64;
constexpr size_t kTileBytes = kThreads * sizeof(float);

enum Version { kSound, kFaulty };

// Reverses a block's elements through shared memory; the fault is the barrier left out.
template <Version version>
__global__ void reverse_kernel(float* __restrict__ y, const float* __restrict__ x) {
  float* tile = shared_memory<float>();
  tile[threadIdx.x] = x[threadIdx.x];
  if (version == kSound) __syncthreads();
  y[threadIdx.x] = tile[blockDim.x - 1 - threadIdx.x];
}

// Rewrites a tile that other threads read before; the fault is the second barrier left out.
template <Version version>
__global__ void reuse_kernel(float* __restrict__ y, const float* __restrict__ x) {
  float* tile = shared_memory<float>();
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  const float first = tile[blockDim.x - 1 - threadIdx.x];
  if (version == kSound) __syncthreads();
  tile[threadIdx.x] = first + 1.f;
  __syncthreads();
  y[threadIdx.x] = tile[(threadIdx.x + 1) % blockDim.x];
}

// Neighbours of a warp exchange through shared memory; the fault is the __syncwarp left out.
template <Version version>
__global__ void warp_exchange_kernel(float* __restrict__ y, const float* __restrict__ x) {
  float* tile = shared_memory<float>();
  tile[threadIdx.x] = x[threadIdx.x];
  if (version == kSound) __syncwarp();
  y[threadIdx.x] = tile[threadIdx.x ^ 1];
}

// Two threads write one word.
__global__ void write_race_kernel(float* __restrict__ y) {
  float* tile = shared_memory<float>();
  tile[threadIdx.x / 2] = static_cast<float>(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x / 2];
}

// Halves of one word belong to two threads: no race, unless both write the same half.
template <Version version>
__global__ void half_word_kernel(float* __restrict__ y) {
  uint16_t* tile = shared_memory<uint16_t>();
  tile[version == kSound ? threadIdx.x : threadIdx.x / 2] = static_cast<uint16_t>(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x / 2];
}

// A thread reads in global memory what another of its block wrote; the fault is the barrier left out.
template <Version version>
__global__ void global_exchange_kernel(float* __restrict__ y, float* exchange) {
  exchange[threadIdx.x] = static_cast<float>(threadIdx.x);
  if (version == kSound) __syncthreads();
  y[threadIdx.x] = exchange[blockDim.x - 1 - threadIdx.x];
}

// Every block adds to the same element without an atomic.
__global__ void block_race_kernel(float* y) {
  if (threadIdx.x == 0) y[0] += 1.f;
}

// All threads count in one word, atomically.
__global__ void atomic_kernel(int* count) { atomicAdd(count, 1); }

__global__ void beyond_end_kernel(float* y, int offset) { y[static_cast<int>(threadIdx.x) + offset] = 1.f; }

__global__ void read_kernel(float* __restrict__ y, const float* __restrict__ x, int offset) {
  y[threadIdx.x] = x[static_cast<int>(threadIdx.x) + offset];
}

__global__ void beyond_shared_kernel(float* y, int offset) {
  float* tile = shared_memory<float>();
  tile[threadIdx.x + offset] = 1.f;
  y[threadIdx.x] = tile[threadIdx.x + offset];
}

__global__ void vector_kernel(float* __restrict__ y, const float* __restrict__ x, int offset) {
  store4(y + 4 * threadIdx.x, load4(x + offset + 4 * threadIdx.x));
}

// Reads a word of shared memory that no thread wrote.
__global__ void unwritten_kernel(float* y) {
  float* tile = shared_memory<float>();
  if (threadIdx.x != 5) tile[threadIdx.x] = 1.f;
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x];
}

// Copies a tile asynchronously; the faults are the wait left out, one group too few waited for, and the barrier left out.
enum CopyFault { kNone, kNoWait, kLateWait, kNoBarrier, kNoCommit, kOverwrite };

template <CopyFault fault>
__global__ void copy_kernel(float* __restrict__ y, const float* __restrict__ x) {
  float* tile = shared_memory<float>();
  cp_async_4(tile + threadIdx.x, x + threadIdx.x, true);
  if (fault != kNoCommit) cp_async_commit();
  cp_async_4(tile + blockDim.x + threadIdx.x, x + threadIdx.x, threadIdx.x % 2 == 0);
  cp_async_commit();
  if (fault == kNone || fault == kNoBarrier) cp_async_wait<0>();
  if (fault == kLateWait || fault == kNoCommit || fault == kOverwrite) cp_async_wait<1>();
  if (fault == kOverwrite) tile[blockDim.x + threadIdx.x] = 0.f;
  if (fault != kNoBarrier) __syncthreads();
  const int other = blockDim.x - 1 - threadIdx.x;
  y[threadIdx.x] = tile[other];
  if (fault != kNoCommit) y[threadIdx.x] += tile[blockDim.x + other];
}

__global__ void misaligned_copy_kernel(const float* x) { cp_async_16(shared_memory<float>() + 4 * threadIdx.x, x + 1, true); }

__global__ void divergent_kernel(float* y) {
  if (threadIdx.x < 16) __syncthreads();
  y[threadIdx.x] = 1.f;
}

__global__ void two_barriers_kernel(float* y) {
  if (threadIdx.x % 32 == 3) {
    __syncthreads();
  } else {
    __syncwarp();
  }
  y[threadIdx.x] = 1.f;
}

// Lane 0 takes the value of a lane that its mask leaves out.
__global__ void masked_shuffle_kernel(float* y) {
  if (threadIdx.x < 16) y[threadIdx.x] = __shfl_sync(0xffffu, static_cast<float>(threadIdx.x), 20);
}

__global__ void partial_warp_kernel(float* y) {
  float d[4] = {};
  const uint32_t a[4] = {};
  const uint32_t b[2] = {};
  mma_m16n8k8_tf32(d, a, b);
  y[threadIdx.x] = d[0];
}

// A thread leaves a pointer to its own variable for another.
__global__ void foreign_local_kernel(float* y) {
  float** pointer = shared_memory<float*>();
  float own = static_cast<float>(threadIdx.x);
  if (threadIdx.x == 0) *pointer = &own;
  __syncthreads();
  y[threadIdx.x] = **pointer;
}

__global__ void nothing_kernel() {}

namespace {

template <typename Kernel>
void run_on_tile(Kernel kernel) {
  const Buffer<float> x(counting(kThreads));
  const Buffer<float> y(kThreads);
  launch(kernel, dim3(1), dim3(kThreads), 2 * kTileBytes, nullptr, y.data(), x.data());
  print(y.read());
}

template <typename Kernel>
void run_on_output(Kernel kernel, int threads = kThreads) {
  const Buffer<float> y(threads);
  launch(kernel, dim3(1), dim3(threads), kTileBytes, nullptr, y.data());
  print(y.read());
}

template <Version version>
void exchange_in_global_memory() {
  const Buffer<float> exchange(kThreads);
  const Buffer<float> y(kThreads);
  launch(global_exchange_kernel<version>, dim3(1), dim3(kThreads), 0, nullptr, y.data(), exchange.data());
  print(y.read());
}

void write_beyond(int offset) {
  const Buffer<float> y(kThreads);
  launch(beyond_end_kernel, dim3(1), dim3(kThreads), 0, nullptr, y.data(), offset);
}

void write_beyond_shared(size_t bytes, int offset) {
  const Buffer<float> y(kThreads);
  launch(beyond_shared_kernel, dim3(1), dim3(kThreads), bytes, nullptr, y.data(), offset);
}

void read_vectors(int offset) {
  const Buffer<float> x(counting(4 * kThreads + 4));
  const Buffer<float> y(4 * kThreads);
  launch(vector_kernel, dim3(1), dim3(kThreads), 0, nullptr, y.data(), x.data(), offset);
  print(y.read());
}

void read_unwritten_global() {
  const Buffer<float> x(kThreads);
  const Buffer<float> y(kThreads);
  launch(read_kernel, dim3(1), dim3(kThreads), 0, nullptr, y.data(), x.data(), 0);
}

void read_freed() {
  const Buffer<float> y(kThreads);
  float* x = nullptr;
  cudaMalloc(reinterpret_cast<void**>(&x), kTileBytes);
  cudaFree(x);
  launch(read_kernel, dim3(1), dim3(kThreads), 0, nullptr, y.data(), x, 0);
}

void read_host_memory() {
  const Buffer<float> y(kThreads);
  const std::vector<float> x(kThreads);
  launch(read_kernel, dim3(1), dim3(kThreads), 0, nullptr, y.data(), x.data(), 0);
}

void launch_nothing(dim3 grid, dim3 block, size_t shared_bytes) {
  launch(nothing_kernel, grid, block, shared_bytes, nullptr);
  std::printf("launched\n");
}

}  // namespace

std::vector<Case> fault_cases() {
  return {
      {"reverse", [] { run_on_tile(reverse_kernel<kSound>); }},
      {"reverse without its barrier", [] { run_on_tile(reverse_kernel<kFaulty>); }},
      {"reuse", [] { run_on_tile(reuse_kernel<kSound>); }},
      {"reuse without its barrier", [] { run_on_tile(reuse_kernel<kFaulty>); }},
      {"warp exchange", [] { run_on_tile(warp_exchange_kernel<kSound>); }},
      {"warp exchange without __syncwarp", [] { run_on_tile(warp_exchange_kernel<kFaulty>); }},
      {"two writers of a word", [] { run_on_output(write_race_kernel); }},
      {"halves of words", [] { run_on_output(half_word_kernel<kSound>); }},
      {"two writers of half a word", [] { run_on_output(half_word_kernel<kFaulty>); }},
      {"global exchange", exchange_in_global_memory<kSound>},
      {"global exchange without its barrier", exchange_in_global_memory<kFaulty>},
      {"blocks that write one word",
       [] {
         const Buffer<float> y(std::vector<float>{0.f});
         launch(block_race_kernel, dim3(3), dim3(32), 0, nullptr, y.data());
       }},
      {"atomic count",
       [] {
         const Buffer<int> count(std::vector<int>{0});
         launch(atomic_kernel, dim3(3), dim3(100), 0, nullptr, count.data());
         std::printf("%d\n", count.read()[0]);
       }},
      {"write past the end", [] { write_beyond(1); }},
      {"write before the start", [] { write_beyond(-1); }},
      {"write far past the end", [] { write_beyond(1 << 28); }},
      {"write past shared memory", [] { write_beyond_shared(kTileBytes, 1); }},
      {"write within shared memory", [] { write_beyond_shared(kTileBytes + 4, 1); }},
      {"aligned vectors", [] { read_vectors(4); }},
      {"misaligned vectors", [] { read_vectors(2); }},
      {"read unwritten shared memory", [] { run_on_output(unwritten_kernel); }},
      {"read unwritten global memory", read_unwritten_global},
      {"read freed memory", read_freed},
      {"read host memory", read_host_memory},
      {"copy", [] { run_on_tile(copy_kernel<kNone>); }},
      {"copy without a wait", [] { run_on_tile(copy_kernel<kNoWait>); }},
      {"copy with a wait for too few groups", [] { run_on_tile(copy_kernel<kLateWait>); }},
      {"copy without a barrier", [] { run_on_tile(copy_kernel<kNoBarrier>); }},
      {"copy without a commit", [] { run_on_tile(copy_kernel<kNoCommit>); }},
      {"write over a copy under way", [] { run_on_tile(copy_kernel<kOverwrite>); }},
      {"misaligned copy",
       [] {
         const Buffer<float> x(counting(8));
         launch(misaligned_copy_kernel, dim3(1), dim3(1), 16, nullptr, x.data());
       }},
      {"barrier for some threads", [] { run_on_output(divergent_kernel); }},
      {"two kinds of barrier", [] { run_on_output(two_barriers_kernel); }},
      {"shuffle from outside the mask", [] { run_on_output(masked_shuffle_kernel); }},
      {"product in a partial warp", [] { run_on_output(partial_warp_kernel, 24); }},
      {"local memory of another thread", [] { run_on_output(foreign_local_kernel); }},
      {"block of 1024 threads", [] { launch_nothing(dim3(1), dim3(32, 32), 0); }},
      {"block of 1025 threads", [] { launch_nothing(dim3(1), dim3(1025), 0); }},
      {"block 65 deep", [] { launch_nothing(dim3(1), dim3(1, 1, 65), 0); }},
      {"grid of 65536 rows", [] { launch_nothing(dim3(1, 65536), dim3(1), 0); }},
      {"empty grid", [] { launch_nothing(dim3(0), dim3(1), 0); }},
      {"227 KB of shared memory", [] { launch_nothing(dim3(1), dim3(1), 227 * 1024); }},
      {"more than 227 KB of shared memory", [] { launch_nothing(dim3(1), dim3(1), 227 * 1024 + 1); }},
  };
}

}  // namespace gannet::kernels
