// The device, its kernels and its errors.

#include "runtime_api.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "engine.h"
#include "memory.h"
#include "runtime_state.h"
#include "stream.h"

namespace gannet::simt {
namespace {

thread_local cudaError_t last_error = cudaSuccess;

/** A number of the environment, or another where it is not set. */
int setting(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == 0 ? otherwise : std::atoi(value);
}

/** 10 * major + minor of the compute capability: 80, or what GANNET_SIMT_ARCHITECTURE says, so that what is chosen for a GPU without
 *  asynchronous copies runs too. Kernels are compiled for 80 either way. */
int pretended_architecture() { return setting("GANNET_SIMT_ARCHITECTURE", 80); }

/** The architecture that the code which such a GPU loads was compiled for: its own, or what GANNET_SIMT_CODE says; 0 for none. */
int pretended_code() { return setting("GANNET_SIMT_CODE", pretended_architecture()); }

constexpr int kRuntimeVersion = 13000;

/** The newest CUDA that the driver knows: that of the runtime, or what GANNET_SIMT_DRIVER says; 0 for no driver. */
int pretended_driver() { return setting("GANNET_SIMT_DRIVER", kRuntimeVersion); }

/** How many GPUs the machine has, all alike: 1, or what GANNET_SIMT_GPUS says. A process uses one of them. */
int pretended_gpus() { return setting("GANNET_SIMT_GPUS", 1); }

thread_local int currentDevice = 0;

constexpr size_t kSharedBytesWithoutOptIn = 48 << 10;
constexpr size_t kTuringSharedBytes = 64 << 10;

/** What a kernel that has been loaded may have. */
struct Function {
  size_t shared_bytes = kSharedBytesWithoutOptIn;
  int carveout = -1;
};

std::map<const void*, Function>& loaded_functions() {
  static auto* all = new std::map<const void*, Function>;
  return *all;
}

/** The kernel, loaded if it was not; null with `error` set if it cannot be. */
Function* load_function(const void* kernel, cudaError_t& error) {
  error = pretended_code() == 0 ? report(cudaErrorNoKernelImageForDevice) : cudaSuccess;
  const auto found = loaded_functions().find(kernel);
  if (error == cudaSuccess && found != loaded_functions().end()) return &found->second;
  if (error == cudaSuccess) error = refuse_during_capture();
  return error == cudaSuccess ? &loaded_functions()[kernel] : nullptr;
}

}  // namespace

cudaError_t report(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

std::recursive_mutex& runtime_mutex() { return DeviceMemory::instance().mutex(); }

size_t granted_shared_bytes(const void* kernel) {
  const std::lock_guard lock(runtime_mutex());
  const auto found = loaded_functions().find(kernel);
  return found == loaded_functions().end() ? kSharedBytesWithoutOptIn : found->second.shared_bytes;
}

}  // namespace gannet::simt

using gannet::simt::DeviceMemory;
using gannet::simt::refuse_during_capture;
using gannet::simt::report;
using gannet::simt::runtime_mutex;

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  if (gannet::simt::pretended_driver() < gannet::simt::kRuntimeVersion) return report(cudaErrorInsufficientDriver);
  *count = gannet::simt::pretended_gpus();
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= gannet::simt::pretended_gpus()) return report(cudaErrorInvalidDevice);
  gannet::simt::currentDevice = device;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = gannet::simt::currentDevice;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= gannet::simt::pretended_gpus()) return report(cudaErrorInvalidDevice);
  *properties = {};
  const int architecture = gannet::simt::pretended_architecture();
  const bool turing = architecture < 80;
  std::strcpy(properties->name, "gannet simulator");
  properties->totalGlobalMem = DeviceMemory::limit();
  properties->sharedMemPerBlock = gannet::simt::kSharedBytesWithoutOptIn;
  properties->sharedMemPerBlockOptin = turing ? gannet::simt::kTuringSharedBytes : gannet::simt::kMaxSharedBytes;
  properties->sharedMemPerMultiprocessor = turing ? gannet::simt::kTuringSharedBytes : gannet::simt::kMaxSharedBytes + 1024;
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
  *version = gannet::simt::pretended_driver();
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = gannet::simt::kRuntimeVersion;
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  const cudaError_t refused = refuse_during_capture();
  if (refused == cudaSuccess) gannet::simt::finish_late_work();
  return refused;
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
  const std::lock_guard lock(runtime_mutex());
  cudaError_t error = cudaSuccess;
  const auto* function = gannet::simt::load_function(kernel, error);
  if (function == nullptr) return error;
  *attributes = {};
  attributes->maxThreadsPerBlock = gannet::simt::kMaxThreads;
  attributes->ptxVersion = attributes->binaryVersion = gannet::simt::pretended_code();
  attributes->maxDynamicSharedSizeBytes = static_cast<int>(function->shared_bytes);
  attributes->preferredShmemCarveout = function->carveout;
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  const std::lock_guard lock(runtime_mutex());
  cudaError_t error = cudaSuccess;
  auto* function = gannet::simt::load_function(kernel, error);
  if (function == nullptr) return error;
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) {
    function->carveout = value;
    return cudaSuccess;
  }
  cudaDeviceProp properties;
  cudaGetDeviceProperties(&properties, 0);
  if (value < 0 || static_cast<size_t>(value) > properties.sharedMemPerBlockOptin) return report(cudaErrorInvalidValue);
  function->shared_bytes = static_cast<size_t>(value);
  return cudaSuccess;
}

cudaError_t cudaGetLastError() { return std::exchange(gannet::simt::last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return gannet::simt::last_error; }

const char* cudaGetErrorName(cudaError_t error) {
  if (error == cudaErrorStreamCaptureUnjoined) return "cudaErrorStreamCaptureUnjoined";
  switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorInvalidResourceHandle: return "cudaErrorInvalidResourceHandle";
    case cudaErrorNoKernelImageForDevice: return "cudaErrorNoKernelImageForDevice";
    case cudaErrorNotReady: return "cudaErrorNotReady";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated: return "cudaErrorStreamCaptureInvalidated";
    case cudaErrorStreamCaptureUnmatched: return "cudaErrorStreamCaptureUnmatched";
    case cudaErrorCapturedEvent: return "cudaErrorCapturedEvent";
  }
  return "cudaErrorUnknown";
}

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaErrorStreamCaptureUnjoined) return "a stream that was captured too has not been waited for";
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorInvalidResourceHandle: return "invalid resource handle";
    case cudaErrorNoKernelImageForDevice: return "no kernel image is available for execution on the device";
    case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
    case cudaErrorLaunchFailure: return "unspecified launch failure";
    case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
    case cudaErrorStreamCaptureUnmatched: return "the capture was not begun in this stream";
    default: return cudaGetErrorName(error);
  }
}
