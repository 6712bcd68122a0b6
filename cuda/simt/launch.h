#pragma once

// launch() on the simulator: see ../launch.h.

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "runtime_api.h"

namespace gannet::simt {

/** A kernel with everything that one launch of it needs. */
struct Launch {
  const void* kernel;
  /** Unpacks `arguments` and calls the kernel; run by every fiber. */
  void (*invoke)(const void* kernel, const std::byte* arguments);
  dim3 grid;
  dim3 block;
  size_t shared_bytes;
  /** Packed as CUDA packs kernel parameters: in order, each at the next multiple of its alignment. */
  std::vector<std::byte> arguments;
};

/** Loads a kernel and grants it shared memory. @throws kernels::LaunchError */
void prepare(const void* kernel, size_t shared_bytes);

/** Runs the launch, or records it while the stream is captured. @throws kernels::LaunchError */
void submit(Launch launch, cudaStream_t stream);

/** How parameters of these types lie in a launch's arguments. */
template <typename... Parameters>
struct Packing {
  static constexpr size_t count = sizeof...(Parameters);

  struct Layout {
    size_t offsets[count + 1] = {};
    size_t bytes = 0;
  };
  static constexpr Layout layout = [] {
    Layout result;
    size_t index = 0;
    [[maybe_unused]] const auto place = [&](size_t size, size_t alignment) {
      result.bytes = (result.bytes + alignment - 1) / alignment * alignment;
      result.offsets[index++] = result.bytes;
      result.bytes += size;
    };
    (place(sizeof(Parameters), alignof(Parameters)), ...);
    return result;
  }();

  static std::vector<std::byte> pack(const std::tuple<Parameters...>& values) {
    std::vector<std::byte> bytes(layout.bytes);
    [&]<size_t... Index>(std::index_sequence<Index...>) {
      (__builtin_memcpy(bytes.data() + layout.offsets[Index], &std::get<Index>(values), sizeof(Parameters)), ...);
    }
    (std::index_sequence_for<Parameters...>());
    return bytes;
  }

  // The packed arguments are no memory of the device: reading them must not be checked.
  __attribute__((no_sanitize("thread"))) static void invoke(const void* kernel, const std::byte* arguments) {
    invoke_with(kernel, arguments, std::index_sequence_for<Parameters...>());
  }

 private:
  template <size_t... Index>
  __attribute__((no_sanitize("thread"))) static void invoke_with(const void* kernel, [[maybe_unused]] const std::byte* arguments,
                                                                 std::index_sequence<Index...>) {
    reinterpret_cast<void (*)(Parameters...)>(const_cast<void*>(kernel))(
        *reinterpret_cast<const Parameters*>(arguments + layout.offsets[Index])...);
  }
};

}  // namespace gannet::simt

namespace gannet::kernels {

inline void prepare_kernel(const void* kernel, size_t shared_bytes) { simt::prepare(kernel, shared_bytes); }

template <typename... Parameters>
void start_kernel(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                  const std::tuple<Parameters...>& values) {
  using Packing = simt::Packing<Parameters...>;
  simt::submit({reinterpret_cast<const void*>(kernel), Packing::invoke, grid, block, shared_bytes, Packing::pack(values)}, stream);
}

}  // namespace gannet::kernels
