#pragma once

#include <string>
#include <vector>

#include "tcp.h"
#include "tcp_links.h"

namespace gannet {

/** What the messages between ranks say. */
enum TcpKind : uint32_t { kHello, kWelcome, kRefused, kBeat, kLeaves, kBytes, kEnded };

/** The processes that have met. */
struct TcpMeeting {
  /** By rank, those that this one is connected with: all others for rank 0, rank 0 for all others. The rest are not connected. */
  std::vector<TcpConnection> connections;
  /** The machine of each rank. */
  std::vector<std::string> hosts;
};

/** Waits until all ranks have met. @throws Error `ranks_unreachable`, which says who is missing */
TcpMeeting meet(const TcpPlace& place, int32_t patience_seconds);

}  // namespace gannet
