#pragma once

#include <memory>
#include <string>

#include "rank_links.h"

namespace gannet {

/** Joins the processes that MPI started together, through the library at `path`; once per process.
 *  @throws Error `mpi_unavailable`, `mpi_failed` */
std::unique_ptr<RankLinks> join_by_mpi(const std::string& path, int32_t patience_seconds);

}  // namespace gannet
