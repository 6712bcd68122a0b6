#include "ranks.h"

#include <dlfcn.h>

#include <atomic>

#include "error.h"
#include "mpi_bridge.h"

namespace gannet {

namespace {

/** Null until the ranks are joined, and after they are left. Read on the threads of devices. */
std::atomic<const MpiBridge*> bridge{nullptr};

const MpiBridge* load(const std::string& path) {
  // Global, since Open MPI's parts look for its symbols there.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  void* symbol = library ? dlsym(library, "gannet_mpi_bridge") : nullptr;
  if (symbol == nullptr) throw Error("mpi_unavailable", text("the library for MPI cannot be loaded: ", dlerror()));
  const MpiBridge* loaded = reinterpret_cast<MpiBridgeFunction>(symbol)();
  if (loaded->version == kMpiBridgeVersion) return loaded;
  throw Error("mpi_unavailable", text("the library for MPI ", path, " was built with another version of gannet"));
}

void all_reduce(void* numbers, int64_t count, bool is_integer) {
  const MpiBridge* joined = bridge;
  if (joined == nullptr) return;
  if (const char* problem = joined->all_reduce(numbers, count, is_integer)) throw Error("mpi_failed", text("MPI: ", problem));
}

}  // namespace

Ranks join_ranks(const std::string& path, int32_t patience_seconds) {
  if (bridge != nullptr) throw Error("mpi_failed", "this process has joined the other ranks already");
  const MpiBridge* loaded = load(path);
  Ranks joined;
  if (const char* problem = loaded->start(&joined.rank, &joined.ranks, patience_seconds)) {
    throw Error("mpi_failed", text("MPI did not start: ", problem));
  }
  bridge = loaded;
  return joined;
}

void all_reduce(float* numbers, int64_t count) { all_reduce(numbers, count, false); }

void all_reduce(int32_t* numbers, int64_t count) { all_reduce(numbers, count, true); }

void beat() {
  if (const MpiBridge* joined = bridge) joined->beat();
}

void set_advice(const std::string& text) {
  if (const MpiBridge* joined = bridge) joined->set_advice(text.c_str());
}

void abort_ranks(const std::string& message) {
  if (const MpiBridge* joined = bridge) joined->abort(message.c_str());
}

void leave_ranks() {
  if (const MpiBridge* joined = bridge.exchange(nullptr)) joined->finish();
}

}  // namespace gannet
