#pragma once

// What a kernel needs before it is launched. CUDA loads a kernel's code when it is first used: it copies it to the GPU, or compiles PTX.
// Neither belongs into a capture, or into a step that is timed.

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

/** While an object of this class exists, launches of its thread load their kernels and start nothing. */
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
inline std::mutex ready_mutex;
inline std::map<const void*, size_t> ready_kernels;

/** Checks a call that makes a kernel ready. `name` tells the kernel's name. @throws LaunchError if the call failed */
template <typename Name>
void check_readiness(cudaError_t error, Name name, const char* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  throw LaunchError(name(), std::string(call) + ": " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) + ")");
}

/** Loads a kernel, once, and allows its blocks so much dynamic shared memory. If that exceeds 48 KiB, the multiprocessor is also asked to
 *  use as much of its memory as possible as shared memory. Otherwise it might hold only one block at a time.
 *  `name` tells the kernel's name. @throws LaunchError */
template <typename Name>
void make_ready(const void* kernel, Name name, size_t shared_bytes) {
  const std::lock_guard lock(ready_mutex);
  if (!ready_kernels.contains(kernel)) {
    cudaFuncAttributes attributes;
    check_readiness(cudaFuncGetAttributes(&attributes, kernel), name, "cudaFuncGetAttributes");
  }
  size_t& bytes = ready_kernels.try_emplace(kernel, kSharedBytesWithoutOptIn).first->second;
  if (shared_bytes <= bytes) return;
  const int wanted = static_cast<int>(shared_bytes);
  check_readiness(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, wanted), name, "cudaFuncSetAttribute");
  check_readiness(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout, cudaSharedmemCarveoutMaxShared), name,
                  "cudaFuncSetAttribute");
  bytes = shared_bytes;
}

}  // namespace gannet::kernels
