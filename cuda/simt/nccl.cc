// Stands in for NCCL between processes of one machine that each use the simulator: the functions of nccl_abi.h over shared memory. A
// sum is done where the simulator does the work of its stream. Each waits for the others, and fails where one does not come for a minute
// (GANNET_SIMT_NCCL_PATIENCE, in seconds).
// For tests, GANNET_SIMT_NCCL_FAULT=n has the n-th sum of this process fail, and GANNET_SIMT_NCCL_VERSION is the version that it tells.

#include "cuda/nccl_abi.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "memory.h"
#include "runtime_state.h"
#include "stream.h"

namespace gannet::simt {

namespace {

using Clock = std::chrono::steady_clock;

/** Of NCCL 2.9.0, with which gannet is content. */
constexpr int kVersion = 20900;
constexpr size_t kSlotBytes = size_t{1} << 20;
constexpr int kTurnsBeforeSleep = 100;

int setting(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == 0 ? otherwise : std::atoi(value);
}

/** What the ranks share, in front of a slot of memory for each. All zeros at first. */
struct Shared {
  std::atomic<int> joined, arrived;
  std::atomic<unsigned> meeting;
};

size_t shared_bytes(int ranks) { return sizeof(Shared) + static_cast<size_t>(ranks) * kSlotBytes; }

}  // namespace

}  // namespace gannet::simt

/** One rank among the others. */
struct ncclComm {
  gannet::simt::Shared* shared = nullptr;
  int rank = 0, ranks = 1;
  int sums = 0;
  std::atomic<ncclResult_t> error{ncclSuccess};

  ~ncclComm() {
    if (shared != nullptr) munmap(shared, gannet::simt::shared_bytes(ranks));
  }

  char* slot(int of) const {
    return reinterpret_cast<char*>(shared) + sizeof(gannet::simt::Shared) + static_cast<size_t>(of) * gannet::simt::kSlotBytes;
  }

  /** Whether `condition` comes true before patience ends. */
  template <typename Condition>
  bool wait(Condition condition) const {
    using namespace gannet::simt;
    const auto deadline = Clock::now() + std::chrono::seconds(setting("GANNET_SIMT_NCCL_PATIENCE", 60));
    for (int turn = 0; !condition(); turn++) {
      if (Clock::now() > deadline) return false;
      if (turn < kTurnsBeforeSleep) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
    return true;
  }

  /** Waits for all ranks. */
  bool meet() const {
    const unsigned now = shared->meeting;
    if (++shared->arrived < ranks) return wait([&] { return shared->meeting != now; });
    shared->arrived = 0;
    shared->meeting++;
    return true;
  }
};

namespace gannet::simt {

namespace {

/** Sums a piece that fits the slots. Ranks add in one order, so that all get the same bits. */
template <typename T>
bool sum_piece(const ncclComm& communicator, const T* sent, T* received, size_t count) {
  {
    const std::lock_guard lock(runtime_mutex());
    std::memcpy(communicator.slot(communicator.rank), sent, count * sizeof(T));
  }
  if (!communicator.meet()) return false;
  {
    const std::lock_guard lock(runtime_mutex());
    std::memcpy(received, communicator.slot(0), count * sizeof(T));
    for (int rank = 1; rank < communicator.ranks; rank++) {
      const T* other = reinterpret_cast<const T*>(communicator.slot(rank));
      for (size_t i = 0; i < count; i++) received[i] += other[i];
    }
    DeviceMemory::instance().mark_written(received, count * sizeof(T));
  }
  return communicator.meet();
}

template <typename T>
void sum(ncclComm& communicator, const void* sent, void* received, size_t count) {
  if (communicator.error != ncclSuccess) return;
  if (++communicator.sums == setting("GANNET_SIMT_NCCL_FAULT", 0)) {
    communicator.error = ncclSystemError;
    return;
  }
  constexpr size_t kMost = kSlotBytes / sizeof(T);
  for (size_t done = 0; done < count; done += kMost) {
    const size_t piece = std::min(kMost, count - done);
    if (sum_piece(communicator, static_cast<const T*>(sent) + done, static_cast<T*>(received) + done, piece)) continue;
    communicator.error = ncclRemoteError;
    return;
  }
}

}  // namespace

}  // namespace gannet::simt

#pragma GCC visibility push(default)

ncclResult_t ncclGetVersion(int* version) {
  *version = gannet::simt::setting("GANNET_SIMT_NCCL_VERSION", gannet::simt::kVersion);
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  std::random_device random;
  const std::string name = "/gannet-nccl-" + std::to_string(getpid()) + "-" + std::to_string(random());
  *id = {};
  std::copy(name.begin(), name.end(), id->internal);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t* communicator, int ranks, ncclUniqueId id, int rank) {
  using namespace gannet::simt;
  if (ranks < 1 || rank < 0 || rank >= ranks) return ncclInvalidArgument;
  id.internal[sizeof(id.internal) - 1] = 0;
  const int file = shm_open(id.internal, O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return ncclSystemError;
  const bool is_sized = ftruncate(file, static_cast<off_t>(shared_bytes(ranks))) == 0;
  void* memory = is_sized ? mmap(nullptr, shared_bytes(ranks), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  close(file);
  if (memory == MAP_FAILED) return ncclSystemError;
  auto made = std::make_unique<ncclComm>();
  made->shared = static_cast<Shared*>(memory);
  made->rank = rank;
  made->ranks = ranks;
  made->shared->joined++;
  const bool is_complete = made->wait([&] { return made->shared->joined >= ranks; });
  if (rank == 0) shm_unlink(id.internal);
  if (!is_complete) return ncclRemoteError;
  *communicator = made.release();
  return ncclSuccess;
}

ncclResult_t ncclAllReduce(const void* sent, void* received, size_t count, ncclDataType_t type, ncclRedOp_t op, ncclComm_t communicator,
                           cudaStream_t stream) {
  using namespace gannet::simt;
  DeviceMemory& memory = DeviceMemory::instance();
  const size_t bytes = count * sizeof(float);
  if (op != ncclSum || memory.find(reinterpret_cast<uintptr_t>(sent)) == nullptr || !memory.permits(sent, bytes) ||
      memory.find(reinterpret_cast<uintptr_t>(received)) == nullptr || !memory.permits(received, bytes)) {
    return ncclInvalidArgument;
  }
  if (type == ncclFloat32) {
    enqueue(stream, [=] { sum<float>(*communicator, sent, received, count); });
  } else if (type == ncclInt32) {
    enqueue(stream, [=] { sum<int32_t>(*communicator, sent, received, count); });
  } else {
    return ncclInvalidArgument;
  }
  return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t communicator, ncclResult_t* error) {
  *error = communicator->error;
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t communicator) {
  delete communicator;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess: return "no error";
    case ncclUnhandledCudaError: return "unhandled cuda error";
    case ncclSystemError: return "unhandled system error";
    case ncclInternalError: return "internal error";
    case ncclInvalidArgument: return "invalid argument";
    case ncclInvalidUsage: return "invalid usage";
    case ncclRemoteError: return "a remote process has ended or there was a network error";
    case ncclInProgress: return "in progress";
  }
  return "unknown result code";
}

#pragma GCC visibility pop
