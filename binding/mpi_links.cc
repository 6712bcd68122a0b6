#include "mpi_links.h"

#include <dlfcn.h>

#include <cstring>

#include "error.h"
#include "mpi_bridge.h"

namespace gannet {

namespace {

const MpiBridge* load(const std::string& path) {
  // Global, since Open MPI's parts look for its symbols there.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  void* symbol = library ? dlsym(library, "gannet_mpi_bridge") : nullptr;
  if (symbol == nullptr) throw Error("mpi_unavailable", text("the library for MPI cannot be loaded: ", dlerror()));
  const MpiBridge* loaded = reinterpret_cast<MpiBridgeFunction>(symbol)();
  if (loaded->version == kMpiBridgeVersion) return loaded;
  throw Error("mpi_unavailable", text("the library for MPI ", path, " was built with another version of gannet"));
}

class MpiLinks final : public RankLinks {
 public:
  MpiLinks(const std::string& path, int32_t patience_seconds) : bridge_(load(path)) {
    if (const char* problem = bridge_->start(&rank_, &ranks_, patience_seconds)) {
      throw Error("mpi_failed", text("MPI did not start: ", problem));
    }
  }

  int32_t rank() const override { return rank_; }
  int32_t ranks() const override { return ranks_; }

  /** As a sum: each rank adds its bytes to zeros in the place of the others'. */
  std::vector<char> exchange(const std::vector<char>& own) override {
    const size_t words = (own.size() + sizeof(int32_t) - 1) / sizeof(int32_t);
    std::vector<int32_t> numbers(words * static_cast<size_t>(ranks_));
    std::memcpy(numbers.data() + words * static_cast<size_t>(rank_), own.data(), own.size());
    all_reduce(numbers.data(), static_cast<int64_t>(numbers.size()));
    std::vector<char> all;
    for (size_t rank = 0; rank < static_cast<size_t>(ranks_); rank++) {
      const char* bytes = reinterpret_cast<const char*>(numbers.data() + words * rank);
      all.insert(all.end(), bytes, bytes + own.size());
    }
    return all;
  }

  void all_reduce(float* numbers, int64_t count) override { all_reduce(numbers, count, false); }
  void all_reduce(int32_t* numbers, int64_t count) override { all_reduce(numbers, count, true); }

  void beat() override { bridge_->beat(); }
  void set_advice(const std::string& text) override { bridge_->set_advice(text.c_str()); }
  void abort(const std::string& message) override { bridge_->abort(message.c_str()); }
  void leave() override { bridge_->finish(); }

 private:
  void all_reduce(void* numbers, int64_t count, bool is_integer) {
    if (const char* problem = bridge_->all_reduce(numbers, count, is_integer)) throw Error("mpi_failed", text("MPI: ", problem));
  }

  const MpiBridge* bridge_;
  int32_t rank_ = 0, ranks_ = 1;
};

}  // namespace

std::unique_ptr<RankLinks> join_by_mpi(const std::string& path, int32_t patience_seconds) {
  return std::make_unique<MpiLinks>(path, patience_seconds);
}

}  // namespace gannet
