#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

// Connections between two processes, over which messages pass. Every failure is thrown as Error `ranks_unreachable`.
namespace gannet {

using TcpClock = std::chrono::steady_clock;

/** Owns a socket. */
class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
  ~Socket();
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/** What one side tells the other. */
struct TcpMessage {
  uint32_t kind = 0;
  std::string body;
};

/** A connection to another process of gannet. Messages may be sent from several threads, and are received by one. */
class TcpConnection {
 public:
  TcpConnection() = default;
  explicit TcpConnection(Socket socket);
  /** Only before several threads know it. */
  TcpConnection& operator=(TcpConnection&& other) noexcept;
  TcpConnection(TcpConnection&& other) noexcept : socket_(std::move(other.socket_)), received_(std::move(other.received_)) {}

  int descriptor() const { return socket_.get(); }

  /** False where the other side is gone. */
  bool send(uint32_t kind, const std::string& body = "");
  /** Takes what has arrived, without waiting. False where the other side is gone or is no gannet. */
  bool receive();
  /** The next message that has arrived whole, if there is one. */
  std::optional<TcpMessage> next();
  /** Waits for a message; none where the other side is gone, is no gannet, or says nothing before the deadline. */
  std::optional<TcpMessage> wait(TcpClock::time_point deadline);

 private:
  Socket socket_;
  std::string received_;
  bool is_strange_ = false;
  std::mutex sending_;
};

/** A socket that others can connect to at `port`: from this machine alone where `address` is its own loopback. */
Socket listen_at(const std::string& address, int port, int most_waiting);

/** The next one that connects; none before the deadline. */
std::optional<TcpConnection> accept_from(const Socket& listener, TcpClock::time_point deadline);

/** Connects, trying again until the deadline, since the other side may come later. */
TcpConnection connect_to(const std::string& address, int port, TcpClock::time_point deadline);

}  // namespace gannet
