// Launches, memory, streams and graphs as the host sees them.

#include "cases.h"
#include "simt/memory.h"

namespace gannet::kernels {

struct alignas(8) Scales {
  double first;
  float second;
};

// y[i] = flag * first + second * factor, to see that arguments of every size arrive.
__global__ void arguments_kernel(float* y, unsigned char flag, Scales scales, short factor) {
  y[threadIdx.x] = static_cast<float>(flag * scales.first) + scales.second * factor;
}

__global__ void add_kernel(float* y, const float* x) { y[threadIdx.x] += x[threadIdx.x]; }

__global__ void positions_kernel(float* y) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  y[block * blockDim.x * blockDim.y * blockDim.z + thread] = static_cast<float>(block * 100 + thread);
}

__global__ void touch_kernel(float* y, int index) { y[index] = 1.f; }

namespace {

void replay_graph() {
  const Buffer<float> x(std::vector<float>(32, 2.f)), y(std::vector<float>(32, 1.f));
  std::vector<float> fed(32, 10.f), seen(32);
  cudaStream_t stream, other;
  cudaEvent_t fork, join;
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  cudaStreamCreate(&stream);
  cudaStreamCreate(&other);
  cudaEventCreate(&fork);
  cudaEventCreate(&join);
  cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
  cudaMemcpyAsync(x.data(), fed.data(), 128, cudaMemcpyHostToDevice, stream);
  cudaEventRecord(fork, stream);
  cudaStreamWaitEvent(other, fork);
  launch(add_kernel, dim3(1), dim3(32), 0, other, y.data(), x.data());
  cudaEventRecord(join, other);
  cudaStreamWaitEvent(stream, join);
  cudaMemcpyAsync(seen.data(), y.data(), 128, cudaMemcpyDeviceToHost, stream);
  cudaStreamEndCapture(stream, &graph);
  cudaGraphInstantiate(&executable, graph);
  std::printf("%g\n", y.read()[31]);
  cudaGraphLaunch(executable, stream);
  std::printf("%g\n", seen[31]);
  fed.assign(32, 100.f);
  cudaGraphLaunch(executable, stream);
  std::printf("%g\n", seen[31]);
  launch(add_kernel, dim3(1), dim3(32), 0, other, y.data(), x.data());
  std::printf("%g\n", y.read()[31]);
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
  cudaStreamDestroy(other);
  cudaEventDestroy(fork);
  cudaEventDestroy(join);
}

void allocate_beyond_limit() {
  void* first = nullptr;
  void* second = nullptr;
  size_t free = 0, total = 0;
  std::printf("%s\n", cudaGetErrorName(cudaMalloc(&first, 3000)));
  cudaMemGetInfo(&free, &total);
  std::printf("%zu of %zu\n", free, total);
  std::printf("%s\n", cudaGetErrorName(cudaMalloc(&second, 3000)));
  std::printf("%s %s\n", second == nullptr ? "null" : "a pointer", cudaGetErrorName(cudaGetLastError()));
  cudaFree(first);
  std::printf("%s\n", cudaGetErrorName(cudaMalloc(&second, 3000)));
  cudaFree(second);
}

void misuse_memory() {
  const Buffer<float> x(16);
  std::vector<float> host(32);
  const auto name = [](cudaError_t error) { std::printf("%s\n", cudaGetErrorName(error)); };
  name(cudaMemcpy(x.data(), host.data(), 64, cudaMemcpyHostToDevice));
  name(cudaMemcpy(x.data(), host.data(), 65, cudaMemcpyHostToDevice));
  name(cudaMemcpy(host.data(), x.data() + 8, 64, cudaMemcpyDeviceToHost));
  name(cudaMemcpy(host.data(), host.data() + 16, 64, cudaMemcpyHostToDevice));
  name(cudaMemset(x.data() - 1, 0, 4));
  name(cudaFree(x.data() + 1));
}

}  // namespace

std::vector<Case> runtime_cases() {
  return {
      {"arguments",
       [] {
         const Buffer<float> y(1);
         launch(arguments_kernel, dim3(1), dim3(1), 0, nullptr, y.data(), 3, Scales{0.5, 0.25f}, 8);
         print(y.read());
       }},
      {"positions",
       [] {
         const Buffer<float> y(2 * 3 * 2 * 24);
         launch(positions_kernel, dim3(2, 3, 2), dim3(4, 3, 2), 0, nullptr, y.data());
         print(y.read());
       }},
      {"graph", replay_graph},
      {"memory limit", allocate_beyond_limit},
      {"misuse of memory", misuse_memory},
      {"gap in an allocation",
       [] {
         const Buffer<float> y(64);
         simt::DeviceMemory::instance().forbid(y.data() + 32, 64);
         launch(touch_kernel, dim3(1), dim3(1), 0, nullptr, y.data(), 31);
         launch(touch_kernel, dim3(1), dim3(1), 0, nullptr, y.data(), 48);
         std::printf("touched\n");
         launch(touch_kernel, dim3(1), dim3(1), 0, nullptr, y.data(), 32);
       }},
      {"poison",
       [] {
         const Buffer<float> x(counting(32)), y(counting(32));
         launch(add_kernel, dim3(1), dim3(32), 0, nullptr, y.data(), x.data());
         simt::DeviceMemory::instance().poison(x.data() + 7, 4);
         launch(add_kernel, dim3(1), dim3(32), 0, nullptr, y.data(), x.data());
       }},
      {"written guard zone",
       [] {
         const Buffer<float> y(16);
         launch(touch_kernel, dim3(1), dim3(1), 0, nullptr, y.data(), 17);
       }},
  };
}

}  // namespace gannet::kernels
