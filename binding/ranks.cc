#include "ranks.h"

#include <atomic>

#include "error.h"

namespace gannet {

namespace {

/** Null until the ranks are joined, and after they are left. Read on the threads of devices. */
std::atomic<RankLinks*> joined{nullptr};

}  // namespace

void expect_alone() {
  if (joined != nullptr) throw Error("ranks_joined", "this process has joined the other ranks already");
}

const RankLinks& keep_links(std::unique_ptr<RankLinks> links) {
  joined = links.release();
  return *joined;
}

RankLinks& joined_ranks() {
  RankLinks* links = joined;
  if (links == nullptr) throw Error("ranks_alone", "this process has joined no other ranks");
  return *links;
}

void all_reduce(float* numbers, int64_t count) {
  if (RankLinks* links = joined) links->all_reduce(numbers, count);
}

void all_reduce(int32_t* numbers, int64_t count) {
  if (RankLinks* links = joined) links->all_reduce(numbers, count);
}

void beat() {
  if (RankLinks* links = joined) links->beat();
}

void leave_ranks() {
  if (RankLinks* links = joined.exchange(nullptr)) links->leave();
}

}  // namespace gannet
