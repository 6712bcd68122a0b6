#pragma once

#include <memory>
#include <string>

#include "rank_links.h"

namespace gannet {

/** Where rank 0 waits for the others, and who this process is among them. */
struct TcpPlace {
  std::string address;
  int port = 0;
  int32_t rank = 0, ranks = 1;
};

/** Joins `ranks` processes, each of which was told its rank: rank 0 listens and the others connect to it, for as long as they train.
 *  These links carry no numbers of tensors. @throws Error `ranks_unreachable` where they are not all there in `patience_seconds` */
std::unique_ptr<RankLinks> join_by_tcp(const TcpPlace& place, int32_t patience_seconds);

}  // namespace gannet
