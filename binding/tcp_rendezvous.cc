#include "tcp_rendezvous.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "error.h"

namespace gannet {

namespace {

/** How long who has connected may take to say who it is. */
constexpr auto kHelloTime = std::chrono::seconds(2);

std::string own_host() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown machine";
}

/** Texts as one, and back; none of them holds a newline. */
std::string join_lines(const std::vector<std::string>& lines) {
  std::string joined;
  for (const std::string& line : lines) joined += line + "\n";
  return joined;
}

std::vector<std::string> split_lines(const std::string& joined) {
  std::vector<std::string> lines;
  for (size_t begin = 0, end; (end = joined.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(joined.substr(begin, end - begin));
  }
  return lines;
}

std::string place_of(const TcpPlace& place) { return text(place.address, ":", place.port); }

/** What a rank says of itself: its rank, how many ranks it counts, and its machine. */
std::string hello_of(const TcpPlace& place) { return join_lines({text(place.rank), text(place.ranks), own_host()}); }

/** Rank 0, which the others come to. */
class Host {
 public:
  explicit Host(const TcpPlace& place) : place_(place), met_{std::vector<TcpConnection>(static_cast<size_t>(place.ranks)), {}} {
    met_.hosts.resize(static_cast<size_t>(place.ranks));
    met_.hosts[0] = own_host();
  }

  TcpMeeting meet(int32_t patience_seconds) {
    const auto deadline = TcpClock::now() + std::chrono::seconds(patience_seconds);
    const Socket listener = listen_at(place_.address, place_.port, place_.ranks);
    while (!missing().empty()) {
      auto connection = accept_from(listener, deadline);
      if (connection) {
        admit(std::move(*connection));
      } else if (TcpClock::now() >= deadline) {
        refuse_all(text("rank 0 has waited ", patience_seconds, " s at ", place_of(place_), " for ", place_.ranks, " ranks, but ",
                        missing(), " did not come"));
      }
    }
    for (TcpConnection& each : met_.connections) {
      if (each.descriptor() >= 0) each.send(kWelcome, join_lines(met_.hosts));
    }
    return std::move(met_);
  }

 private:
  /** A stranger, and who has gone again, is forgotten. */
  void admit(TcpConnection connection) {
    const auto hello = connection.wait(TcpClock::now() + kHelloTime);
    const std::vector<std::string> words = hello && hello->kind == kHello ? split_lines(hello->body) : std::vector<std::string>{};
    if (words.size() != 3) return;
    const std::string own_ranks = std::to_string(place_.ranks);
    const size_t rank = std::strtoul(words[0].c_str(), nullptr, 10);
    const std::string name = "rank " + words[0] + " (" + words[2] + ")";
    std::string problem;
    if (words[1] != own_ranks) {
      problem = name + " counts " + words[1] + " ranks, and rank 0 counts " + own_ranks;
    } else if (rank == 0 || rank >= met_.connections.size()) {
      problem = name + " is none of those that rank 0 waits for, which are 1 to " + std::to_string(place_.ranks - 1);
    } else if (met_.connections[rank].descriptor() >= 0) {
      problem = "two processes are rank " + words[0] + ", on " + met_.hosts[rank] + " and on " + words[2];
    }
    if (!problem.empty()) {
      connection.send(kRefused, problem);
      refuse_all(problem);
    }
    met_.connections[rank] = std::move(connection);
    met_.hosts[rank] = words[2];
  }

  [[noreturn]] void refuse_all(const std::string& problem) {
    for (TcpConnection& each : met_.connections) {
      if (each.descriptor() >= 0) each.send(kRefused, problem);
    }
    throw Error("ranks_unreachable", problem);
  }

  std::string missing() const {
    std::string names;
    for (size_t rank = 1; rank < met_.connections.size(); rank++) {
      if (met_.connections[rank].descriptor() < 0) names += (names.empty() ? "rank " : ", ") + std::to_string(rank);
    }
    return names;
  }

  const TcpPlace place_;
  TcpMeeting met_;
};

TcpMeeting meet_host(const TcpPlace& place, int32_t patience_seconds) {
  const std::string own = "rank " + std::to_string(place.rank);
  // Rank 0 waits as long, and tells who is missing.
  const auto deadline = TcpClock::now() + std::chrono::seconds(patience_seconds) + kHelloTime;
  TcpMeeting met{std::vector<TcpConnection>(static_cast<size_t>(place.ranks)), {}};
  TcpConnection& host = met.connections[0];
  try {
    host = connect_to(place.address, place.port, deadline);
  } catch (const Error& error) {
    throw Error(error.code(), text(own, " has reached nobody at ", place_of(place), " for ", patience_seconds, " s (", error.what(), ")"));
  }
  host.send(kHello, hello_of(place));
  const auto answer = host.wait(deadline);
  if (answer && answer->kind == kRefused) throw Error("ranks_unreachable", answer->body);
  if (answer && answer->kind == kWelcome) met.hosts = split_lines(answer->body);
  if (met.hosts.size() == static_cast<size_t>(place.ranks)) return met;
  throw Error("ranks_unreachable", text(own, " got no answer of a rank 0 of gannet at ", place_of(place)));
}

}  // namespace

TcpMeeting meet(const TcpPlace& place, int32_t patience_seconds) {
  return place.rank == 0 ? Host(place).meet(patience_seconds) : meet_host(place, patience_seconds);
}

}  // namespace gannet
