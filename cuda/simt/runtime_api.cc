#include "runtime_api.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <set>

#include "engine.h"
#include "executor_bridge.h"
#include "memory.h"
#include "stream.h"

namespace gannet::simt {
namespace {

thread_local cudaError_t lastError = cudaSuccess;

cudaError_t report(cudaError_t error) {
  if (error != cudaSuccess) lastError = error;
  return error;
}

/** Every stream that exists; a capture that spreads over several ends for all of them. */
std::set<cudaStream_t>& streams() {
  static auto* all = new std::set<cudaStream_t>;
  return *all;
}

std::recursive_mutex& mutex() { return DeviceMemory::instance().mutex(); }

/** 10 * major + minor of the compute capability: 80, or what GANNET_SIMT_ARCHITECTURE says, so that what is chosen for a GPU without
 *  asynchronous copies runs too. Kernels are compiled for 80 either way. */
int pretended_architecture() {
  const char* setting = std::getenv("GANNET_SIMT_ARCHITECTURE");
  return setting == nullptr || *setting == 0 ? 80 : std::atoi(setting);
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void enqueue(cudaStream_t stream, std::function<void()> work) {
  if (stream != nullptr && stream->capture != nullptr) {
    stream->capture->push_back(std::move(work));
  } else {
    work();
  }
}

}  // namespace gannet::simt

using gannet::simt::DeviceMemory;
using gannet::simt::enqueue;
using gannet::simt::mutex;
using gannet::simt::report;

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) { return report(device == 0 ? cudaSuccess : cudaErrorInvalidDevice); }

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return report(cudaErrorInvalidDevice);
  *properties = {};
  const int architecture = gannet::simt::pretended_architecture();
  const bool turing = architecture < 80;
  std::strcpy(properties->name, "gannet simulator");
  properties->totalGlobalMem = DeviceMemory::limit();
  properties->sharedMemPerBlock = 48 * 1024;
  properties->sharedMemPerBlockOptin = turing ? 64 * 1024 : gannet::simt::kMaxSharedBytes;
  properties->sharedMemPerMultiprocessor = turing ? 64 * 1024 : gannet::simt::kMaxSharedBytes + 1024;
  properties->regsPerBlock = properties->regsPerMultiprocessor = 65536;
  properties->warpSize = gannet::simt::kWarpLanes;
  properties->maxThreadsPerBlock = gannet::simt::kMaxThreads;
  properties->maxThreadsPerMultiProcessor = 2048;
  properties->maxThreadsDim[0] = properties->maxThreadsDim[1] = gannet::simt::kMaxThreads;
  properties->maxThreadsDim[2] = 64;
  properties->maxGridSize[0] = 0x7fffffff;
  properties->maxGridSize[1] = properties->maxGridSize[2] = 65535;
  properties->major = architecture / 10;
  properties->minor = architecture % 10;
  properties->multiProcessorCount = 4;
  properties->l2CacheSize = 40 << 20;
  properties->memoryBusWidth = 5120;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp properties;
  const cudaError_t error = cudaGetDeviceProperties(&properties, device);
  if (error != cudaSuccess) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock: *value = properties.maxThreadsPerBlock; break;
    case cudaDevAttrMultiProcessorCount: *value = properties.multiProcessorCount; break;
    case cudaDevAttrComputeCapabilityMajor: *value = properties.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = properties.minor; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = static_cast<int>(properties.sharedMemPerBlockOptin); break;
    default: return report(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }

cudaError_t cudaGetLastError() { return std::exchange(gannet::simt::lastError, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return gannet::simt::lastError; }

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorInvalidResourceHandle: return "cudaErrorInvalidResourceHandle";
    case cudaErrorNotReady: return "cudaErrorNotReady";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated: return "cudaErrorStreamCaptureInvalidated";
    case cudaErrorStreamCaptureUnmatched: return "cudaErrorStreamCaptureUnmatched";
  }
  return "cudaErrorUnknown";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorInvalidResourceHandle: return "invalid resource handle";
    case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
    case cudaErrorLaunchFailure: return "unspecified launch failure";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureUnmatched: return "the capture was not begun in this stream";
    default: return cudaGetErrorName(error);
  }
}

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  const std::lock_guard lock(mutex());
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  *pointer = DeviceMemory::instance().allocate(bytes);
  if (*pointer == nullptr) return report(cudaErrorMemoryAllocation);
  gannet::simt::tell_allocated(*pointer, bytes);
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  const std::lock_guard lock(mutex());
  gannet::simt::tell_freed(pointer);
  return report(DeviceMemory::instance().release(pointer) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  *pointer = std::malloc(bytes == 0 ? 1 : bytes);
  return report(*pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}
cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) { return cudaMallocHost(pointer, bytes); }

cudaError_t cudaFreeHost(void* pointer) {
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const std::lock_guard lock(mutex());
  *total = DeviceMemory::limit();
  *free = *total - std::min(*total, DeviceMemory::instance().used());
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(mutex());
  DeviceMemory& memory = DeviceMemory::instance();
  const bool toDevice = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool fromDevice = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (!memory.permits(target, bytes) || !memory.permits(source, bytes) ||
      (toDevice && memory.find(reinterpret_cast<uintptr_t>(target)) == nullptr) ||
      (fromDevice && memory.find(reinterpret_cast<uintptr_t>(source)) == nullptr)) {
    return report(cudaErrorInvalidValue);
  }
  enqueue(stream, [=] {
    const std::lock_guard locked(mutex());
    std::memmove(target, source, bytes);
    DeviceMemory::instance().mark_written(target, bytes);
  });
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* target, const void* source, size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpyAsync(target, source, bytes, kind, nullptr);
}

cudaError_t cudaMemsetAsync(void* target, int value, size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(mutex());
  DeviceMemory& memory = DeviceMemory::instance();
  if (!memory.permits(target, bytes) || memory.find(reinterpret_cast<uintptr_t>(target)) == nullptr) {
    return report(cudaErrorInvalidValue);
  }
  enqueue(stream, [=] {
    const std::lock_guard locked(mutex());
    std::memset(target, value, bytes);
    DeviceMemory::instance().mark_written(target, bytes);
  });
  return cudaSuccess;
}

cudaError_t cudaMemset(void* target, int value, size_t bytes) { return cudaMemsetAsync(target, value, bytes, nullptr); }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const std::lock_guard lock(mutex());
  *stream = new CUstream_st;
  gannet::simt::streams().insert(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(mutex());
  if (gannet::simt::streams().erase(stream) == 0) return report(cudaErrorInvalidResourceHandle);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return report(stream != nullptr && stream->capture != nullptr ? cudaErrorStreamCaptureUnsupported : cudaSuccess);
}
cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (stream != nullptr && event->capture != nullptr) stream->capture = event->capture;
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr || stream->capture != nullptr) return report(cudaErrorStreamCaptureUnsupported);
  stream->capture = std::make_shared<gannet::simt::Recording>();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard lock(mutex());
  *graph = nullptr;
  if (stream == nullptr || stream->capture == nullptr) return report(cudaErrorStreamCaptureUnmatched);
  const auto recording = stream->capture;
  for (cudaStream_t each : gannet::simt::streams()) {
    if (each->capture == recording) each->capture = nullptr;
  }
  *graph = new CUgraph_st{recording};
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const bool captured = stream != nullptr && stream->capture != nullptr;
  *status = captured ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->capture = stream == nullptr ? nullptr : stream->capture;
  event->seconds = gannet::simt::seconds_now();
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return report(event == nullptr ? cudaErrorInvalidResourceHandle : cudaSuccess);
}
cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaEventSynchronize(event); }

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  *milliseconds = static_cast<float>((end->seconds - start->seconds) * 1000.0);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{*graph->recording};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  for (const auto& work : executable->recording) enqueue(stream, work);
  return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, CUgraphNode_st**, size_t* count) {
  *count = graph->recording->size();
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute attribute, int value) {
  const bool tooMuch = attribute == cudaFuncAttributeMaxDynamicSharedMemorySize &&
                       static_cast<size_t>(value) > gannet::simt::kMaxSharedBytes;
  return report(tooMuch ? cudaErrorInvalidValue : cudaSuccess);
}
