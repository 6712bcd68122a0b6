#include "cuda/runtime.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "error.h"

namespace gannet::cuda {

namespace {

const char* code_of(cudaError_t status) {
  switch (status) {
    case cudaErrorMemoryAllocation: return "out_of_memory";
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver: return "device_unavailable";
    default: return "device_failed";
  }
}

/** `bytes` of a kind of memory could not be had. */
[[noreturn]] void throw_out_of_memory(size_t bytes, const char* kind) {
  size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) free = total = 0;
  throw Error("out_of_memory", text("cannot allocate ", bytes, " bytes of ", kind, " memory; ", free, " of the device's ", total,
                                    " are free. Use a smaller batch or model, or close other programs"));
}

void check_allocation(cudaError_t status, const char* call, size_t bytes, const char* kind) {
  if (status != cudaErrorMemoryAllocation) return check(status, call);
  cudaGetLastError();
  throw_out_of_memory(bytes, kind);
}

constexpr auto kShortestNap = std::chrono::microseconds(20), kLongestNap = std::chrono::microseconds(1000);

thread_local std::function<void()> watch;

/** Asks until the answer is no longer `not ready`, in naps that become longer. */
template <typename Query>
void wait_watching(Query query, const char* call) {
  for (auto nap = kShortestNap;; nap = std::min(2 * nap, kLongestNap)) {
    const cudaError_t status = query();
    watch();
    if (status != cudaErrorNotReady) return check(status, call);
    // It stays the last error of the thread otherwise, which whoever asks next would take for one of its own.
    cudaGetLastError();
    std::this_thread::sleep_for(nap);
  }
}

}  // namespace

void watch_while_waiting(std::function<void()> asked) { watch = std::move(asked); }

void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  // What is not sticky would be reported a second time by the next launch.
  cudaGetLastError();
  throw Error(code_of(status), text(call, ": ", cudaGetErrorName(status), " (", cudaGetErrorString(status), ")"));
}

DeviceMemory::DeviceMemory(size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  void* data = nullptr;
  check_allocation(cudaMalloc(&data, bytes), "cudaMalloc", bytes, "device");
  data_ = static_cast<char*>(data);
}

DeviceMemory::~DeviceMemory() {
  if (data_) cudaFree(data_);
}

DeviceMemory::DeviceMemory(DeviceMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

PinnedMemory::PinnedMemory(size_t bytes) {
  if (bytes == 0) return;
  void* data = nullptr;
  check_allocation(cudaMallocHost(&data, bytes), "cudaMallocHost", bytes, "page-locked host");
  data_ = static_cast<char*>(data);
}

PinnedMemory::~PinnedMemory() {
  if (data_) cudaFreeHost(data_);
}

PinnedMemory::PinnedMemory(PinnedMemory&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}

PinnedMemory& PinnedMemory::operator=(PinnedMemory&& other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}

Stream::Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate"); }

void Stream::synchronize() const {
  if (!watch) return check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
  wait_watching([this] { return cudaStreamQuery(stream_); }, "cudaStreamQuery");
}

void Stream::follow(const Event& event) const { check(cudaStreamWaitEvent(stream_, event.get(), 0), "cudaStreamWaitEvent"); }

Stream::~Stream() { cudaStreamDestroy(stream_); }

Event::Event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }

Event::~Event() {
  if (event_) cudaEventDestroy(event_);
}

Event& Event::operator=(Event&& other) noexcept {
  std::swap(event_, other.event_);
  return *this;
}

void Event::wait() const {
  if (!watch) return check(cudaEventSynchronize(event_), "cudaEventSynchronize");
  wait_watching([this] { return cudaEventQuery(event_); }, "cudaEventQuery");
}

double Event::since(const Event& earlier) const {
  float elapsed_ms = 0;
  check(cudaEventElapsedTime(&elapsed_ms, earlier.event_, event_), "cudaEventElapsedTime");
  return elapsed_ms;
}

Graph::~Graph() {
  if (executable_) cudaGraphExecDestroy(executable_);
}

Graph& Graph::operator=(Graph&& other) noexcept {
  std::swap(executable_, other.executable_);
  return *this;
}

void Graph::abandon(const Stream& stream) {
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(stream.get(), &graph);
  if (graph) cudaGraphDestroy(graph);
  cudaGetLastError();
}

void Graph::finish(const Stream& stream) {
  cudaGraph_t graph = nullptr;
  check(cudaStreamEndCapture(stream.get(), &graph), "cudaStreamEndCapture");
  const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "cudaGraphInstantiate");
}

}  // namespace gannet::cuda
