#pragma once

// What a kernel needs before it is launched. CUDA loads a kernel's code when it is first asked for, by a copy to the GPU or by compiling
// PTX; neither belongs in a capture, nor in a step that is timed.

#include <map>
#include <mutex>
#include <string>
#include <utility>

#if defined(GANNET_SIMT)
#include "simt/runtime_api.h"
#else
#include <cuda_runtime.h>
#endif

#include "launch/launch_error.h"

namespace gannet::kernels {

/** While one exists, the launches of its thread load their kernels and start nothing. */
class Preloading {
 public:
  Preloading() : outer_(std::exchange(active_, true)) {}
  ~Preloading() { active_ = outer_; }
  Preloading(const Preloading&) = delete;
  Preloading& operator=(const Preloading&) = delete;

  static bool active() { return active_; }

 private:
  static inline thread_local bool active_ = false;
  bool outer_;
};

/** Dynamic shared memory that every kernel may have. */
constexpr size_t kSharedBytesWithoutOptIn = size_t{48} * 1024;

/** The kernels that have been loaded, and the shared memory that each was granted. */
inline std::mutex readyMutex;
inline std::map<const void*, size_t> readyKernels;

/** A call that makes a kernel ready, and what tells the kernel's name. @throws LaunchError if it failed */
template <typename Name>
void check_readiness(cudaError_t error, Name name, const char* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  throw LaunchError(name(), std::string(call) + ": " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) + ")");
}

/** Loads a kernel, once, and grants its blocks dynamic shared memory: no launch of it needs more. Where that exceeds 48 KiB, the
 *  multiprocessor is asked to make as much of its memory shared as it can, or one block of two might wait for the other's.
 *  `name` tells the kernel's name. @throws LaunchError */
template <typename Name>
void make_ready(const void* kernel, Name name, size_t sharedBytes) {
  const std::lock_guard lock(readyMutex);
  if (!readyKernels.contains(kernel)) {
    cudaFuncAttributes attributes;
    check_readiness(cudaFuncGetAttributes(&attributes, kernel), name, "cudaFuncGetAttributes");
  }
  size_t& bytes = readyKernels.try_emplace(kernel, kSharedBytesWithoutOptIn).first->second;
  if (sharedBytes <= bytes) return;
  const int wanted = static_cast<int>(sharedBytes);
  check_readiness(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, wanted), name, "cudaFuncSetAttribute");
  check_readiness(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout, cudaSharedmemCarveoutMaxShared), name,
                  "cudaFuncSetAttribute");
  bytes = sharedBytes;
}

}  // namespace gannet::kernels
