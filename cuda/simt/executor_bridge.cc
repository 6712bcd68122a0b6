#include "executor_bridge.h"

#include <cstdlib>
#include <dlfcn.h>
#include <stdexcept>

#include "../launch/launch_error.h"
#include "executor.h"

namespace gannet::simt {
namespace {

const gannet_executor* load() {
  const char* path = std::getenv("GANNET_SIMT_EXECUTOR");
  if (path == nullptr || *path == 0) return nullptr;
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(std::string("GANNET_SIMT_EXECUTOR cannot be loaded: ") + dlerror());
  auto* entry = reinterpret_cast<const gannet_executor* (*)()>(dlsym(library, "gannet_executor_v1"));
  const gannet_executor* executor = entry == nullptr ? nullptr : entry();
  if (executor == nullptr) throw std::runtime_error(std::string(path) + " gives no executor: gannet_executor_v1 is missing");
  return executor;
}

const gannet_executor* executor() {
  static const gannet_executor* loaded = load();
  return loaded;
}

}  // namespace

bool executor_present() { return executor() != nullptr; }

void tell_allocated(void* pointer, size_t bytes) {
  if (executor_present() && executor()->allocated != nullptr) executor()->allocated(pointer, bytes);
}

void tell_freed(void* pointer) {
  if (executor_present() && executor()->freed != nullptr) executor()->freed(pointer);
}

bool run_on_executor(const Launch& launch, const std::string& symbol, const std::string& kernel_name) {
  if (!executor_present()) return false;
  const unsigned grid[3] = {launch.grid.x, launch.grid.y, launch.grid.z};
  const unsigned block[3] = {launch.block.x, launch.block.y, launch.block.z};
  char error[1024] = "";
  const int status = executor()->launch(symbol.c_str(), grid, block, launch.shared_bytes, launch.arguments.data(), launch.arguments.size(),
                                        error, sizeof error);
  if (status == GANNET_EXECUTOR_RUN_TWIN) return false;
  if (status == 0) return true;
  error[sizeof error - 1] = 0;
  throw kernels::LaunchError(kernel_name, std::string("the executor failed: ") + error);
}

}  // namespace gannet::simt
