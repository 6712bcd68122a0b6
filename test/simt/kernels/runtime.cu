// Launches, memory, streams and graphs as the host sees them.

#include <algorithm>

#include "cases.h"
#include "launch/readiness.h"
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

/** y[0] = 7, by way of one number of the block's shared memory. */
__global__ void shared_kernel(float* y, int index) {
  float* shared = shared_memory<float>();
  if (threadIdx.x == 0) shared[index] = 7.f;
  if (threadIdx.x == 0) y[0] = shared[index];
}

namespace {

/** Page-locked memory of the host. */
class Pinned {
 public:
  explicit Pinned(size_t count) { cudaMallocHost(reinterpret_cast<void**>(&data_), count * sizeof(float)); }
  ~Pinned() { cudaFreeHost(data_); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

  float* data() const { return data_; }

 private:
  float* data_ = nullptr;
};

void print(cudaError_t error) { std::printf("%s\n", cudaGetErrorName(error)); }

/** Loads a kernel that takes two arrays. */
void preload(void (*kernel)(float*, const float*)) {
  const Preloading preloading;
  launch(kernel, dim3(1), dim3(1), 0, nullptr, nullptr, nullptr);
}

/** Whether a capture during which `action` is done becomes a graph, after what the action says itself. */
void capture(const std::function<cudaError_t(cudaStream_t)>& action) {
  cudaStream_t stream;
  cudaGraph_t graph;
  cudaStreamCreate(&stream);
  cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
  const cudaError_t error = action(stream);
  std::printf("%s, %s\n", cudaGetErrorName(error), cudaGetErrorName(cudaStreamEndCapture(stream, &graph)));
  if (graph != nullptr) cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

void capture_what_is_refused() {
  const Buffer<float> x(32);
  const Pinned pinned(32);
  std::vector<float> pageable(32);
  void* fresh = nullptr;
  capture([&](cudaStream_t) { return cudaMalloc(&fresh, 64); });
  capture([&](cudaStream_t) { return cudaFree(x.data()); });
  capture([&](cudaStream_t) { return cudaMallocHost(&fresh, 64); });
  capture([&](cudaStream_t) { return cudaMemcpy(x.data(), pinned.data(), 64, cudaMemcpyHostToDevice); });
  capture([&](cudaStream_t stream) { return cudaMemcpyAsync(x.data(), pageable.data(), 64, cudaMemcpyHostToDevice, stream); });
  capture([&](cudaStream_t stream) { return cudaMemcpyAsync(pageable.data(), x.data(), 64, cudaMemcpyDeviceToHost, stream); });
  capture([&](cudaStream_t stream) { return cudaStreamSynchronize(stream); });
  capture([&](cudaStream_t stream) { return cudaMemcpyAsync(x.data(), pinned.data(), 64, cudaMemcpyHostToDevice, stream); });
  print(cudaMemcpy(x.data(), pageable.data(), 64, cudaMemcpyHostToDevice));
}

void load_while_capturing() {
  const Buffer<float> x(1), y(1);
  const auto add = [&](cudaStream_t stream) {
    try {
      launch(add_kernel, dim3(1), dim3(1), 0, stream, y.data(), x.data());
    } catch (const LaunchError& error) {
      std::printf("%s\n", error.what());
    }
    return cudaSuccess;
  };
  capture(add);
  preload(add_kernel);
  capture(add);
}

void use_large_shared_memory() {
  const Buffer<float> y(1);
  const auto tell = [] {
    cudaFuncAttributes attributes;
    cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(shared_kernel));
    std::printf("%d bytes, carveout %d\n", attributes.maxDynamicSharedSizeBytes, attributes.preferredShmemCarveout);
  };
  for (const int bytes : {16384, 65536, 32768}) {
    launch(shared_kernel, dim3(1), dim3(1), bytes, nullptr, y.data(), bytes / 4 - 1);
    tell();
  }
}

void replay_graph() {
  const Buffer<float> x(std::vector<float>(32, 2.f)), y(std::vector<float>(32, 1.f));
  const Pinned fed(32), seen(32);
  std::fill_n(fed.data(), 32, 10.f);
  cudaStream_t stream, other;
  cudaEvent_t fork, join;
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  cudaStreamCreate(&stream);
  cudaStreamCreate(&other);
  cudaEventCreate(&fork);
  cudaEventCreate(&join);
  preload(add_kernel);
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
  std::printf("%g\n", seen.data()[31]);
  std::fill_n(fed.data(), 32, 100.f);
  cudaGraphLaunch(executable, stream);
  std::printf("%g\n", seen.data()[31]);
  launch(add_kernel, dim3(1), dim3(32), 0, other, y.data(), x.data());
  std::printf("%g\n", y.read()[31]);
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
  cudaStreamDestroy(other);
  cudaEventDestroy(fork);
  cudaEventDestroy(join);
}

/** Two streams, the second of which waits for an event of the first, and what is added to 1 on it. */
class Following {
 public:
  Following() {
    cudaStreamCreate(&first);
    cudaStreamCreate(&second);
    cudaEventCreate(&event);
  }
  ~Following() {
    cudaEventDestroy(event);
    cudaStreamDestroy(second);
    cudaStreamDestroy(first);
  }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  void add() const {
    cudaEventRecord(event, first);
    cudaStreamWaitEvent(second, event);
    launch(add_kernel, dim3(1), dim3(32), 0, second, y.data(), x.data());
    cudaEventRecord(event, second);
  }

  /** y as the first stream sees it now. */
  float seen() const {
    cudaMemcpyAsync(copy.data(), y.data(), 128, cudaMemcpyDeviceToHost, first);
    return copy.data()[0];
  }

  cudaStream_t first, second;
  cudaEvent_t event;
  const Buffer<float> x{std::vector<float>(32, 2.f)}, y{std::vector<float>(32, 1.f)};
  const Pinned copy{32};
};

void follow_late() {
  const Following streams;
  preload(add_kernel);
  streams.add();
  std::printf("%g\n", streams.seen());
  cudaStreamWaitEvent(streams.first, streams.event);
  std::printf("%g\n", streams.seen());
  streams.add();
  cudaEventSynchronize(streams.event);
  std::printf("%g\n", streams.seen());
  streams.add();
  cudaStreamSynchronize(streams.second);
  std::printf("%g\n", streams.seen());
}

/** Whether a graph comes of a capture that spread to a second stream. */
void end_capture(bool waits) {
  const Following streams;
  preload(add_kernel);
  cudaGraph_t graph;
  cudaStreamBeginCapture(streams.first, cudaStreamCaptureModeThreadLocal);
  streams.add();
  if (waits) cudaStreamWaitEvent(streams.first, streams.event);
  print(cudaStreamEndCapture(streams.first, &graph));
  if (graph != nullptr) cudaGraphDestroy(graph);
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
      {"following stream", follow_late},
      {"capture that spreads",
       [] {
         end_capture(true);
         end_capture(false);
       }},
      {"refused during capture", capture_what_is_refused},
      {"load during capture", load_while_capturing},
      {"large shared memory", use_large_shared_memory},
      {"no kernel", [] { launch(static_cast<void (*)(float*, int)>(nullptr), dim3(1), dim3(1), 0, nullptr, nullptr, 0); }},
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
