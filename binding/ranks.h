#pragma once

#include <cstdint>
#include <string>

namespace gannet {

/** This process among those that train together. */
struct Ranks {
  int32_t rank = 0, ranks = 1;
};

/** Joins the processes that MPI started together, through the library at `path`; once per process.
 *  @throws Error `mpi_unavailable`, `mpi_failed` */
Ranks join_ranks(const std::string& path, int32_t patience_seconds);

/** Replaces `count` numbers by their sums over all ranks; leaves them where there is but one.
 *  @throws Error `mpi_failed` */
void all_reduce(float* numbers, int64_t count);
void all_reduce(int32_t* numbers, int64_t count);

/** Tells the other ranks' watches that this one works. */
void beat();

/** What is said, after what happened, where the run is ended. */
void set_advice(const std::string& text);

/** Says what happened and ends every rank. */
void abort_ranks(const std::string& message);

/** Leaves the other ranks, once all do. */
void leave_ranks();

}  // namespace gannet
