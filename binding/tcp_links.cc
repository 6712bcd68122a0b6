#include "tcp_links.h"

#include <poll.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include "error.h"
#include "tcp_rendezvous.h"

namespace gannet {

namespace {

using Clock = TcpClock;

constexpr auto kBetweenBeats = std::chrono::seconds(1);
constexpr int kLookMs = 200;
/** A watch that has not looked for so long was stopped itself, or its machine slept. */
constexpr auto kOverslept = std::chrono::seconds(5);
constexpr int kExitCode = 1;

class TcpLinks final : public RankLinks {
 public:
  TcpLinks(const TcpPlace& place, int32_t patience_seconds) : place_(place), patience_(patience_seconds) {
    TcpMeeting met = meet(place, patience_seconds);
    hosts_ = std::move(met.hosts);
    for (size_t rank = 0; rank < met.connections.size(); rank++) {
      if (met.connections[rank].descriptor() >= 0) peers_.try_emplace(static_cast<int32_t>(rank), std::move(met.connections[rank]));
    }
    beat();
    watch_ = std::thread([this] { watch(); });
  }

  int32_t rank() const override { return place_.rank; }
  int32_t ranks() const override { return place_.ranks; }

  /** Rank 0 puts together what the others send it, and sends it back to all. */
  std::vector<char> exchange(const std::vector<char>& own) override {
    std::string all(own.begin(), own.end());
    if (place_.rank == 0) {
      for (auto& [rank, peer] : peers_) all += bytes_of(peer);
      send_to_all(kBytes, all);
    } else {
      send_to_all(kBytes, all);
      all = bytes_of(peers_.begin()->second);
    }
    if (all.size() == own.size() * hosts_.size()) return {all.begin(), all.end()};
    throw Error("ranks_unreachable", "the ranks told one another different numbers of bytes; start all with the same version of gannet");
  }

  void all_reduce(float*, int64_t) override { refuse_numbers(); }
  void all_reduce(int32_t*, int64_t) override { refuse_numbers(); }

  void beat() override { last_beat_ = Clock::now().time_since_epoch().count(); }

  void set_advice(const std::string& text) override {
    const std::lock_guard<std::mutex> lock(text_lock_);
    advice_ = text;
  }

  void abort(const std::string& message) override { end(name_of(place_.rank) + ": " + message); }

  /** The watch goes on until all have said that they leave. */
  void leave() override {
    leaving_ = true;
    watch_.join();
  }

 private:
  /** Another rank that this one is connected with. */
  struct Peer {
    explicit Peer(TcpConnection connected) : connection(std::move(connected)) {}

    TcpConnection connection;
    Clock::time_point heard = Clock::now();
    bool has_left = false;
    /** Bytes that it has sent to be exchanged. */
    std::vector<std::string> bytes;
  };

  [[noreturn]] static void refuse_numbers() {
    throw Error("ranks_unreachable", "ranks that were joined without MPI sum numbers on GPUs only");
  }

  std::string name_of(int32_t rank) const {
    return text("rank ", rank, " of ", place_.ranks, " (", hosts_[static_cast<size_t>(rank)], ")");
  }

  void send_to_all(uint32_t kind, const std::string& body = "") {
    // Who is gone is noticed where its messages are awaited.
    for (auto& [rank, peer] : peers_) peer.connection.send(kind, body);
  }

  std::string bytes_of(Peer& peer) {
    std::unique_lock<std::mutex> lock(bytes_lock_);
    bytes_came_.wait(lock, [&] { return !peer.bytes.empty(); });
    std::string first = std::move(peer.bytes.front());
    peer.bytes.erase(peer.bytes.begin());
    return first;
  }

  void watch() {
    Clock::time_point sent{}, looked = Clock::now();
    bool is_told = false;
    while (!(is_told && all_have_left())) {
      std::vector<pollfd> waited;
      for (auto& [rank, peer] : peers_) waited.push_back({peer.has_left ? -1 : peer.connection.descriptor(), POLLIN, 0});
      poll(waited.data(), waited.size(), kLookMs);
      const Clock::time_point now = Clock::now();
      // It has heard nobody meanwhile.
      if (now - looked > kOverslept) {
        for (auto& [rank, peer] : peers_) peer.heard = now;
      }
      looked = now;
      for (auto& [rank, peer] : peers_) hear(rank, peer, now);
      const Clock::time_point last_beat{Clock::duration(last_beat_)};
      if (leaving_ && !is_told) {
        send_to_all(kLeaves);
        is_told = true;
      } else if (!leaving_ && now - sent > kBetweenBeats && 2 * (now - last_beat) < patience_) {
        send_to_all(kBeat);
        sent = now;
      }
    }
  }

  bool all_have_left() const {
    for (const auto& [rank, peer] : peers_) {
      if (!peer.has_left) return false;
    }
    return true;
  }

  void hear(int32_t rank, Peer& peer, Clock::time_point now) {
    if (peer.has_left) return;
    const bool is_there = peer.connection.receive();
    while (auto message = peer.connection.next()) {
      peer.heard = now;
      if (message->kind == kLeaves) peer.has_left = true;
      if (message->kind == kEnded) end_as_told(message->body);
      if (message->kind == kBytes) {
        const std::lock_guard<std::mutex> lock(bytes_lock_);
        peer.bytes.push_back(std::move(message->body));
        bytes_came_.notify_all();
      }
    }
    if (peer.has_left) return;
    if (!is_there) end(name_of(place_.rank) + " has lost " + name_of(rank) + ": its process has ended. Every rank is ended.");
    if (now - peer.heard <= patience_) return;
    end(text(name_of(place_.rank), " has heard nothing of ", name_of(rank), " for ", patience_.count(),
             " s: it has died or hangs. Every rank is ended."));
  }

  /** Says what happened, tells the others, and ends this process with whatever its threads wait for. */
  [[noreturn]] void end(const std::string& what) {
    const std::lock_guard<std::mutex> lock(text_lock_);
    const std::string whole = "gannet: " + what + (advice_.empty() ? "" : "\n  " + advice_) + "\n";
    say(whole);
    send_to_all(kEnded, whole);
    std::_Exit(kExitCode);
  }

  /** Rank 0, whose output is looked at, repeats what another has said, and tells the rest. */
  [[noreturn]] void end_as_told(const std::string& whole) {
    const std::lock_guard<std::mutex> lock(text_lock_);
    if (place_.rank == 0) say(whole);
    send_to_all(kEnded, whole);
    std::_Exit(kExitCode);
  }

  static void say(const std::string& whole) {
    std::fputs(whole.c_str(), stderr);
    std::fflush(stderr);
  }

  const TcpPlace place_;
  const std::chrono::seconds patience_;
  std::vector<std::string> hosts_;
  std::map<int32_t, Peer> peers_;
  std::mutex text_lock_, bytes_lock_;
  std::condition_variable bytes_came_;
  std::string advice_;
  std::atomic<Clock::rep> last_beat_{0};
  std::atomic<bool> leaving_{false};
  std::thread watch_;
};

}  // namespace

std::unique_ptr<RankLinks> join_by_tcp(const TcpPlace& place, int32_t patience_seconds) {
  return std::make_unique<TcpLinks>(place, patience_seconds);
}

}  // namespace gannet
