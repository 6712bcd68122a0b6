#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mpi_bridge.h"

// The library behind MpiBridge. One lock is held around every call of MPI and never while something is waited for, so that MPI need
// not allow several threads at once.
namespace gannet {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kBetweenBeats = std::chrono::seconds(1);
constexpr auto kBetweenLooks = std::chrono::milliseconds(200);
/** A watch that has not looked for so long was stopped itself, or its machine slept. */
constexpr auto kOverslept = std::chrono::seconds(5);
/** As many numbers as one call takes: MPI counts in int. */
constexpr int64_t kMostAtOnce = int64_t{1} << 28;
constexpr int kTurnsBeforeSleep = 2000;
constexpr int kExitCode = 1;
/** Tags of what ranks tell one another beside numbers: that they live, and that they leave and will say no more. */
constexpr int kBeat = 0, kLeaves = 1;

std::mutex mpi;
std::mutex text_lock;
std::string advice;

/** Asks until the request has ended, and lets others run meanwhile. */
int wait(MPI_Request& request) {
  for (int turn = 0;; turn++) {
    int done = 0;
    {
      const std::lock_guard<std::mutex> lock(mpi);
      if (const int code = MPI_Test(&request, &done, MPI_STATUS_IGNORE); code != MPI_SUCCESS) return code;
    }
    if (done) return MPI_SUCCESS;
    if (turn < kTurnsBeforeSleep) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
}

/** The text of MPI for an error code; null for success. */
const char* problem_of(int code) {
  if (code == MPI_SUCCESS) return nullptr;
  static thread_local char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  const std::lock_guard<std::mutex> lock(mpi);
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) return "MPI failed";
  return text;
}

/** This process among the others. */
class Member {
 public:
  Member(int rank, int ranks, int patience_seconds) : rank_(rank), ranks_(ranks), patience_(patience_seconds) {
    MPI_Comm_dup(MPI_COMM_WORLD, &numbers_);
    MPI_Comm_dup(MPI_COMM_WORLD, &beats_);
    MPI_Comm_set_errhandler(numbers_, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(beats_, MPI_ERRORS_RETURN);
    gather_hosts();
    beat();
    watch_ = std::thread([this] { watch(); });
  }

  int all_reduce(void* data, int64_t count, MPI_Datatype type) {
    constexpr int64_t kBytes = 4;
    for (int64_t done = 0; done < count; done += kMostAtOnce) {
      MPI_Request request;
      void* part = static_cast<char*>(data) + done * kBytes;
      const int length = static_cast<int>(std::min(count - done, kMostAtOnce));
      int code;
      {
        const std::lock_guard<std::mutex> lock(mpi);
        code = MPI_Iallreduce(MPI_IN_PLACE, part, length, type, MPI_SUM, numbers_, &request);
      }
      if (code == MPI_SUCCESS) code = wait(request);
      if (code != MPI_SUCCESS) return code;
    }
    return MPI_SUCCESS;
  }

  void beat() { last_beat_ = Clock::now().time_since_epoch().count(); }

  [[noreturn]] void abort(const std::string& what) {
    {
      const std::lock_guard<std::mutex> lock(text_lock);
      std::fprintf(stderr, "gannet: %s\n", what.c_str());
      if (!advice.empty()) std::fprintf(stderr, "  %s\n", advice.c_str());
      std::fflush(stderr);
    }
    // Without the lock, since another thread may hang in MPI with it.
    MPI_Abort(MPI_COMM_WORLD, kExitCode);
    std::_Exit(kExitCode);
  }

  std::string name_of(int rank) const {
    return "rank " + std::to_string(rank) + " of " + std::to_string(ranks_) + " (" + hosts_[static_cast<size_t>(rank)] + ")";
  }

  std::string own_name() const { return name_of(rank_); }

  void finish() {
    finishing_ = true;
    watch_.join();
    const std::lock_guard<std::mutex> lock(mpi);
    MPI_Finalize();
  }

 private:
  void gather_hosts() {
    char own[MPI_MAX_PROCESSOR_NAME] = {};
    int length = 0;
    MPI_Get_processor_name(own, &length);
    std::vector<char> all(static_cast<size_t>(ranks_) * MPI_MAX_PROCESSOR_NAME);
    MPI_Allgather(own, MPI_MAX_PROCESSOR_NAME, MPI_CHAR, all.data(), MPI_MAX_PROCESSOR_NAME, MPI_CHAR, MPI_COMM_WORLD);
    for (int rank = 0; rank < ranks_; rank++) hosts_.emplace_back(all.data() + static_cast<ptrdiff_t>(rank) * MPI_MAX_PROCESSOR_NAME);
  }

  bool hears(size_t peer) const { return static_cast<int>(peer) != rank_ && (rank_ == 0 || peer == 0); }

  /** Until this rank and all that it hears leave, so that no message and no request is open when MPI ends. */
  void watch() {
    peers_.resize(static_cast<size_t>(ranks_));
    Clock::time_point sent{}, looked = Clock::now();
    while (!finishing_ || expects_more()) {
      const Clock::time_point now = Clock::now();
      // It has heard nobody meanwhile.
      if (now - looked > kOverslept) {
        for (Peer& peer : peers_) peer.heard = now;
      }
      looked = now;
      const Clock::time_point last_beat{Clock::duration(last_beat_)};
      if (finishing_) {
        send_to_peers(kLeaves);
      } else if (now - sent > kBetweenBeats && 2 * (now - last_beat) < patience_) {
        send_to_peers(kBeat);
        sent = now;
      }
      receive();
      expect_life(now);
      std::this_thread::sleep_for(kBetweenLooks);
    }
    for (Peer& peer : peers_) wait(peer.sending);
  }

  bool expects_more() const {
    for (size_t i = 0; i < peers_.size(); i++) {
      if (hears(i) && !(peers_[i].has_left && peers_[i].is_told)) return true;
    }
    return false;
  }

  void expect_life(Clock::time_point now) {
    for (size_t i = 0; i < peers_.size(); i++) {
      if (!hears(i) || peers_[i].has_left || now - peers_[i].heard <= patience_) continue;
      abort(own_name() + " has heard nothing of " + name_of(static_cast<int>(i)) + " for " + std::to_string(patience_.count()) +
            " s: it has died or hangs. Every rank is ended.");
    }
  }

  /** A peer that has not taken the last message yet gets no other. */
  void send_to_peers(int tag) {
    static char nothing = 0;
    const std::lock_guard<std::mutex> lock(mpi);
    for (size_t i = 0; i < peers_.size(); i++) {
      Peer& peer = peers_[i];
      int done = 1;
      if (!hears(i) || peer.is_told || MPI_Test(&peer.sending, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || !done) continue;
      MPI_Isend(&nothing, 1, MPI_CHAR, static_cast<int>(i), tag, beats_, &peer.sending);
      peer.is_told = tag == kLeaves;
    }
  }

  void receive() {
    const std::lock_guard<std::mutex> lock(mpi);
    int waits = 0;
    MPI_Status status;
    while (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, beats_, &waits, &status) == MPI_SUCCESS && waits) {
      char nothing;
      if (MPI_Recv(&nothing, 1, MPI_CHAR, status.MPI_SOURCE, status.MPI_TAG, beats_, MPI_STATUS_IGNORE) != MPI_SUCCESS) return;
      Peer& peer = peers_[static_cast<size_t>(status.MPI_SOURCE)];
      peer.heard = Clock::now();
      peer.has_left |= status.MPI_TAG == kLeaves;
    }
  }

  /** Another rank, as this one's watch knows it. */
  struct Peer {
    Clock::time_point heard = Clock::now();
    MPI_Request sending = MPI_REQUEST_NULL;
    bool has_left = false;
    /** Whether it knows that this rank leaves. */
    bool is_told = false;
  };

  const int rank_, ranks_;
  const std::chrono::seconds patience_;
  MPI_Comm numbers_, beats_;
  std::vector<std::string> hosts_;
  std::atomic<Clock::rep> last_beat_{0};
  std::atomic<bool> finishing_{false};
  /** The watch's own. */
  std::vector<Peer> peers_;
  std::thread watch_;
};

/** Lives until the process ends: its watch may run to the last moment. */
Member* member = nullptr;

const char* start(int32_t* rank, int32_t* ranks, int32_t patience_seconds) {
  int begun = 0, provided = 0, own = 0, all = 1;
  MPI_Initialized(&begun);
  if (begun) return "it was started in this process before, and starts only once";
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS) return "MPI_Init_thread failed";
  if (provided < MPI_THREAD_SERIALIZED) return "this MPI may be called by one thread only (below MPI_THREAD_SERIALIZED)";
  MPI_Comm_rank(MPI_COMM_WORLD, &own);
  MPI_Comm_size(MPI_COMM_WORLD, &all);
  try {
    member = new Member(own, all, patience_seconds);
  } catch (const std::exception&) {
    return "no memory or no thread is left to watch the other ranks";
  }
  *rank = own;
  *ranks = all;
  return nullptr;
}

const char* all_reduce(void* data, int64_t count, bool is_integer) {
  return problem_of(member->all_reduce(data, count, is_integer ? MPI_INT32_T : MPI_FLOAT));
}

void beat() { member->beat(); }

void set_advice(const char* text) {
  const std::lock_guard<std::mutex> lock(text_lock);
  advice = text;
}

void abort(const char* message) { member->abort(member->own_name() + ": " + message); }

void finish() { member->finish(); }

constexpr MpiBridge kBridge = {
    .version = kMpiBridgeVersion,
    .start = start,
    .all_reduce = all_reduce,
    .beat = beat,
    .set_advice = set_advice,
    .abort = abort,
    .finish = finish,
};

}  // namespace

}  // namespace gannet

extern "C" __attribute__((visibility("default"))) const gannet::MpiBridge* gannet_mpi_bridge() { return &gannet::kBridge; }
