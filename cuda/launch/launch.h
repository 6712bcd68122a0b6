#pragma once

// The one way to start a kernel, on hardware and simulated.

#include <tuple>
#include <utility>

#include "common/basics.h"
#include "launch/launch_error.h"
#include "launch/readiness.h"

#if defined(GANNET_SIMT)
#include "simt/launch.h"
#else
#include "launch/launch_cuda.h"
#endif

namespace gannet::kernels {

/** Starts kernel(arguments...) on `grid` blocks of `block` threads with `shared_bytes` of dynamic shared memory (opted in where
 *  it exceeds 48 KB), after all earlier work of `stream`. While the stream is captured, the launch joins the graph instead; while
 *  kernels are preloaded (readiness.h), it makes the kernel ready and starts nothing.
 *  Arguments are converted to the kernel's parameter types, which must be trivially copyable.
 *  @throws LaunchError if there is no kernel, or the device refuses the launch; simulated, also for every fault of the kernel's
 *  threads. */
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream, Arguments... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "one argument for each parameter of the kernel");
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "kernel parameters are copied byte by byte");
  if (kernel == nullptr)
    throw LaunchError("(none)", "no kernel was compiled for this configuration, which another shape or device was chosen for");
  const void* function = reinterpret_cast<const void*>(kernel);
  if (Preloading::active()) return prepare_kernel(function, shared_bytes);
  start_kernel(kernel, grid, block, shared_bytes, stream, std::tuple<Parameters...>(static_cast<Parameters>(arguments)...));
}

}  // namespace gannet::kernels
