#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "rank_links.h"

// The processes that train together, as the rest of the addon knows them. A process is joined to them at most once.
namespace gannet {

/** Makes these links those of the process. @throws Error `ranks_joined` if there are some already, and what `join` throws */
template <typename Join>
const RankLinks& join_ranks(Join join);

/** The links of the process. @throws Error `ranks_alone` where it has joined no other */
RankLinks& joined_ranks();

/** Replaces `count` numbers by their sums over all ranks; leaves them where there is but one. Any thread, one at a time. @throws Error */
void all_reduce(float* numbers, int64_t count);
void all_reduce(int32_t* numbers, int64_t count);

/** Tells the other ranks, if there are some, that this one works. */
void beat();

/** Leaves the other ranks, if there are some, once all do. */
void leave_ranks();

/** @throws Error `ranks_joined` */
void expect_alone();
/** Keeps the links, which live until the process ends: their watch may run to the last moment. */
const RankLinks& keep_links(std::unique_ptr<RankLinks> links);

template <typename Join>
const RankLinks& join_ranks(Join join) {
  expect_alone();
  return keep_links(join());
}

}  // namespace gannet
