#include "cuda/nccl.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "error.h"

namespace gannet::cuda {

namespace {

/** The first that CUDA graphs record, as ncclGetVersion counts: 2.9.0. */
constexpr int kOldestVersion = 20900;
/** From 2.9 on versions are counted as 10000 major + 100 minor + patch, before as 1000 major + 100 minor + patch. */
constexpr int kFirstOfNewCount = 10000;

constexpr const char* kRemedy =
    "Several GPUs train together through NCCL 2.9 or newer: install NVIDIA's libnccl2 (with pip: nvidia-nccl-cu13), and let GANNET_NCCL "
    "name the file libnccl.so.2 where the system does not find it";

std::string version_text(int version) {
  const int major = version / (version < kFirstOfNewCount ? 1000 : 10000);
  return text(major, ".", version / 100 % (version < kFirstOfNewCount ? 10 : 100), ".", version % 100);
}

/** @throws Error `nccl_unavailable` */
[[noreturn]] void refuse(const std::string& problem) { throw Error("nccl_unavailable", text(problem, ". ", kRemedy)); }

#if defined(GANNET_SIMT)
/** The simulator's library has the functions itself. */
std::string default_library() {
  Dl_info self;
  return dladdr(reinterpret_cast<void*>(&nccl), &self) == 0 ? "gannet_simt.so" : self.dli_fname;
}
#else
std::string default_library() { return "libnccl.so.2"; }
#endif

template <typename Function>
void find(void* library, const std::string& path, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) refuse(text(path, " has no function ", name));
}

Nccl load() {
  const char* named = std::getenv("GANNET_NCCL");
  const std::string path = named != nullptr && *named != 0 ? named : default_library();
  // Otherwise all ranks would have to record their graphs at the same moment, which those that write checkpoints do not.
  setenv("NCCL_GRAPH_REGISTER", "0", 0);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) refuse(text("NCCL cannot be loaded (", dlerror(), ")"));
  Nccl found{};
  find(library, path, "ncclGetVersion", found.get_version);
  int version = 0;
  if (found.get_version(&version) != ncclSuccess) refuse(text(path, " does not tell its version"));
  if (version < kOldestVersion) refuse(text(path, " is NCCL ", version_text(version)));
  find(library, path, "ncclGetUniqueId", found.get_unique_id);
  find(library, path, "ncclCommInitRank", found.comm_init_rank);
  find(library, path, "ncclAllReduce", found.all_reduce);
  find(library, path, "ncclCommGetAsyncError", found.comm_get_async_error);
  find(library, path, "ncclCommDestroy", found.comm_destroy);
  find(library, path, "ncclGetErrorString", found.get_error_string);
  return found;
}

}  // namespace

const Nccl& nccl() {
  static const Nccl loaded = load();
  return loaded;
}

void check_nccl(ncclResult_t result, const char* call) {
  if (result == ncclSuccess) return;
  throw Error("nccl_failed", text(call, ": ", nccl().get_error_string(result), " (", static_cast<int>(result),
                                  "). With NCCL_DEBUG=WARN in the environment NCCL says more"));
}

}  // namespace gannet::cuda
