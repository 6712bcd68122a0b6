#include "simulator.h"

#include <dlfcn.h>

#include "error.h"

namespace gannet {

namespace {

/** What the library exports under the name `gannet_simt_kind`. */
using KindFunction = DeviceKind (*)();

std::string library_path() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&simulator_kind), &self) == 0) return "gannet_simt.so";
  const std::string addon = self.dli_fname;
  return addon.substr(0, addon.rfind('/') + 1) + "gannet_simt.so";
}

/** The library's export, or null with `problem` set. It stays loaded as long as the process. */
KindFunction load(std::string& problem) {
  void* library = dlopen(library_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = library ? dlsym(library, "gannet_simt_kind") : nullptr;
  if (symbol == nullptr) problem = text("the simulator of the CUDA kernels is not part of this build: ", dlerror());
  return reinterpret_cast<KindFunction>(symbol);
}

struct Library {
  std::string problem;
  KindFunction kind = load(problem);
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

}  // namespace

DeviceKind simulator_kind() {
  if (library().kind) return library().kind();
  return {[] { return DeviceInfo{"simt", "", {}, library().problem}; }, [] { return std::vector<std::string>(); }, nullptr};
}

}  // namespace gannet
