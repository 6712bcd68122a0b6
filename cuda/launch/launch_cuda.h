#pragma once

// launch() on hardware: see launch.h.

#include <array>
#include <cxxabi.h>
#include <memory>
#include <string>
#include <tuple>

#include <cuda_runtime.h>

#include "launch/launch_error.h"
#include "launch/readiness.h"

namespace gannet::kernels {

/** The demangled name of a kernel without its parameters. */
inline std::string kernel_name(const void* kernel) {
  const char* symbol = nullptr;
  if (cudaFuncGetName(&symbol, kernel) != cudaSuccess || symbol == nullptr) return "(unknown)";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, &status), std::free);
  if (status != 0) return symbol;
  std::string full = name.get();
  const size_t parameters = full.rfind('(');
  if (full.starts_with("void ")) full.erase(0, 5);
  return parameters == std::string::npos ? full : full.substr(0, full.rfind('('));
}

/** Loads a kernel and grants it shared memory. @throws LaunchError */
inline void prepare_kernel(const void* kernel, size_t shared_bytes) {
  make_ready(
      kernel, [kernel] { return kernel_name(kernel); }, shared_bytes);
}

/** @throws LaunchError if `error` is one, with the launch's dimensions. */
inline void check_launch(cudaError_t error, const void* kernel, dim3 grid, dim3 block, size_t shared_bytes) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  const auto extent = [](dim3 size) { return std::to_string(size.x) + "x" + std::to_string(size.y) + "x" + std::to_string(size.z); };
  throw LaunchError(kernel_name(kernel), std::string(cudaGetErrorName(error)) + " (" + cudaGetErrorString(error) + ") at the launch of " +
                                             extent(grid) + " blocks of " + extent(block) + " threads with " +
                                             std::to_string(shared_bytes) + " bytes of shared memory");
}

template <typename... Parameters>
void start_kernel(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                  std::tuple<Parameters...> values) {
  const void* function = reinterpret_cast<const void*>(kernel);
  prepare_kernel(function, shared_bytes);
  auto pointers = std::apply(
      [](Parameters&... each) { return std::array<void*, sizeof...(Parameters)>{const_cast<void*>(static_cast<const void*>(&each))...}; },
      values);
  check_launch(cudaLaunchKernel(function, grid, block, pointers.data(), shared_bytes, stream), function, grid, block, shared_bytes);
}

}  // namespace gannet::kernels
