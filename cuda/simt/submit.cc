// From launch() to the engine or the executor: names, limits, and the stream's order.

#include <cstdlib>
#include <cxxabi.h>
#include <dlfcn.h>
#include <memory>

#include "../launch/launch_error.h"
#include "../launch/readiness.h"
#include "engine.h"
#include "executor_bridge.h"
#include "launch.h"
#include "recorder.h"
#include "runtime_state.h"
#include "stream.h"

namespace gannet::simt {

thread_local LaunchRecorder* LaunchRecorder::current = nullptr;

namespace {

/** The kernel's mangled name; empty if the module does not export it. */
std::string symbol_of(const void* kernel) {
  Dl_info info;
  return dladdr(kernel, &info) != 0 && info.dli_sname != nullptr && info.dli_saddr == kernel ? info.dli_sname : "";
}

/** Demangled, without the parameters and the template's return type. */
std::string readable(const std::string& symbol) {
  if (symbol.empty()) return "(unnamed)";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
  if (status != 0) return symbol;
  std::string full = name.get();
  if (full.starts_with("void ")) full.erase(0, 5);
  return full.substr(0, full.rfind('('));
}

std::string extent(dim3 size) { return std::to_string(size.x) + "x" + std::to_string(size.y) + "x" + std::to_string(size.z); }

/** What a GPU of compute capability 8 or 9 would refuse; empty if nothing. */
std::string refusal(const Launch& launch) {
  constexpr unsigned kMaxBlockZ = 64;
  constexpr unsigned kMaxGridX = 0x7fffffff;
  constexpr unsigned kMaxGridYZ = 65535;
  constexpr size_t kMaxArgumentBytes = 32764;
  const dim3& grid = launch.grid;
  const dim3& block = launch.block;
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > kMaxThreads || block.z > kMaxBlockZ) {
    return "a block of " + extent(block) + " threads; it has 1 to 1024, at most 64 of them along z";
  }
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > kMaxGridX || grid.y > kMaxGridYZ || grid.z > kMaxGridYZ) {
    return "a grid of " + extent(grid) + " blocks; it has at least 1 and at most 2147483647 x 65535 x 65535";
  }
  if (launch.shared_bytes > kMaxSharedBytes) {
    return std::to_string(launch.shared_bytes) + " bytes of shared memory; a block has at most " + std::to_string(kMaxSharedBytes);
  }
  if (launch.arguments.size() > kMaxArgumentBytes) {
    return std::to_string(launch.arguments.size()) + " bytes of arguments; a kernel takes at most " + std::to_string(kMaxArgumentBytes);
  }
  return "";
}

void execute(const Launch& launch, const std::string& symbol, const std::string& kernel_name) {
  const std::lock_guard lock(DeviceMemory::instance().mutex());
  if (run_on_executor(launch, symbol, kernel_name)) return;
  Engine::of_this_thread().run(launch, kernel_name);
}

}  // namespace

void prepare(const void* kernel, size_t shared_bytes) {
  kernels::make_ready(
      kernel, [kernel] { return readable(symbol_of(kernel)); }, shared_bytes);
}

void submit(Launch launch, cudaStream_t stream) {
  std::string symbol = symbol_of(launch.kernel);
  std::string kernel_name = readable(symbol);
  const std::string refused = refusal(launch);
  if (!refused.empty()) throw kernels::LaunchError(kernel_name, "was launched with " + refused);
  if (LaunchRecorder* recorder = LaunchRecorder::current) {
    recorder->launches.push_back({std::move(symbol), launch.grid, launch.block, launch.shared_bytes});
    return;
  }
  prepare(launch.kernel, launch.shared_bytes);
  if (const size_t granted = granted_shared_bytes(launch.kernel); launch.shared_bytes > granted) {
    throw kernels::LaunchError(kernel_name, "was launched with " + std::to_string(launch.shared_bytes) +
                                                " bytes of shared memory, of which it was granted " + std::to_string(granted));
  }
  if (executor_present() && symbol.empty()) throw kernels::LaunchError(kernel_name, "its name is not exported");
  enqueue(stream, [launch = std::move(launch), symbol = std::move(symbol), kernel_name = std::move(kernel_name)] {
    execute(launch, symbol, kernel_name);
  });
}

}  // namespace gannet::simt
