#include "tcp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "error.h"

namespace gannet {

namespace {

/** Begins every message, so that whoever else answers at a port is known for a stranger. */
constexpr uint32_t kMagic = 0x74656e67;
constexpr size_t kHeaderBytes = 3 * sizeof(uint32_t);
constexpr uint32_t kLongestBody = 1 << 24;
constexpr auto kBetweenTries = std::chrono::milliseconds(100);

Error unreachable(const std::string& what) { return Error("ranks_unreachable", what); }

std::string last_error() { return std::strerror(errno); }

int milliseconds_until(TcpClock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - TcpClock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

/** Whether the socket becomes ready for `events` before the deadline. */
bool wait_for(int descriptor, short events, TcpClock::time_point deadline) {
  pollfd waited{.fd = descriptor, .events = events, .revents = 0};
  for (;;) {
    const int ready = poll(&waited, 1, milliseconds_until(deadline));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

/** @param flags AI_PASSIVE for addresses to listen at; without `host` all of this machine */
Addresses resolve(const char* host, int port, int flags, std::string& problem) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host, std::to_string(port).c_str(), &hints, &found);
  if (code != 0) problem = gai_strerror(code);
  return {code == 0 ? found : nullptr, &freeaddrinfo};
}

bool is_loopback(const std::string& address) { return address == "localhost" || address == "::1" || address.starts_with("127."); }

Socket open_socket(const addrinfo& address) {
  return Socket(socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol));
}

Socket listen_on(const addrinfo& address, int most_waiting) {
  Socket listener = open_socket(address);
  if (!listener) return listener;
  const int on = 1, off = 0;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.ai_family == AF_INET6) setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  if (bind(listener.get(), address.ai_addr, address.ai_addrlen) != 0 || listen(listener.get(), most_waiting) != 0) return Socket();
  return listener;
}

/** A connection, or none with `errno` set. */
Socket connect_once(const addrinfo& address, TcpClock::time_point deadline) {
  Socket connecting = open_socket(address);
  if (!connecting) return connecting;
  const int flags = fcntl(connecting.get(), F_GETFL);
  fcntl(connecting.get(), F_SETFL, flags | O_NONBLOCK);
  if (connect(connecting.get(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return Socket();
    if (!wait_for(connecting.get(), POLLOUT, deadline)) {
      errno = ETIMEDOUT;
      return Socket();
    }
    int problem = 0;
    socklen_t bytes = sizeof(problem);
    getsockopt(connecting.get(), SOL_SOCKET, SO_ERROR, &problem, &bytes);
    if (problem != 0) {
      errno = problem;
      return Socket();
    }
  }
  fcntl(connecting.get(), F_SETFL, flags);
  return connecting;
}

}  // namespace

Socket::~Socket() {
  const int kept = errno;
  if (descriptor_ >= 0) close(descriptor_);
  errno = kept;
}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

TcpConnection::TcpConnection(Socket socket) : socket_(std::move(socket)) {
  const int on = 1;
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

TcpConnection& TcpConnection::operator=(TcpConnection&& other) noexcept {
  socket_ = std::move(other.socket_);
  received_ = std::move(other.received_);
  return *this;
}

bool TcpConnection::send(uint32_t kind, const std::string& body) {
  const uint32_t header[] = {htonl(kMagic), htonl(kind), htonl(static_cast<uint32_t>(body.size()))};
  std::string bytes(reinterpret_cast<const char*>(header), sizeof(header));
  bytes += body;
  const std::lock_guard<std::mutex> lock(sending_);
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    sent += static_cast<size_t>(count);
  }
  return true;
}

bool TcpConnection::receive() {
  char bytes[4096];
  const ssize_t count = recv(socket_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
  if (count > 0) received_.append(bytes, static_cast<size_t>(count));
  return !is_strange_ && (count > 0 || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)));
}

std::optional<TcpMessage> TcpConnection::next() {
  if (received_.size() < kHeaderBytes) return std::nullopt;
  uint32_t header[3];
  std::memcpy(header, received_.data(), kHeaderBytes);
  const size_t bytes = ntohl(header[2]);
  is_strange_ |= ntohl(header[0]) != kMagic || bytes > kLongestBody;
  if (is_strange_ || received_.size() < kHeaderBytes + bytes) return std::nullopt;
  TcpMessage message{.kind = ntohl(header[1]), .body = received_.substr(kHeaderBytes, bytes)};
  received_.erase(0, kHeaderBytes + bytes);
  return message;
}

std::optional<TcpMessage> TcpConnection::wait(TcpClock::time_point deadline) {
  for (;;) {
    if (auto message = next()) return message;
    if (is_strange_ || !wait_for(socket_.get(), POLLIN, deadline) || !receive()) return std::nullopt;
  }
}

Socket listen_at(const std::string& address, int port, int most_waiting) {
  std::string problem;
  const Addresses addresses = resolve(is_loopback(address) ? address.c_str() : nullptr, port, AI_PASSIVE, problem);
  // One that takes both kinds of addresses comes first, if there is one.
  for (const int family : {AF_INET6, AF_INET}) {
    for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
      if (each->ai_family != family) continue;
      if (Socket listener = listen_on(*each, most_waiting)) return listener;
      problem = last_error();
      if (errno == EADDRINUSE) throw unreachable(text("port ", port, " of this machine is taken by another program"));
    }
  }
  throw unreachable(text("port ", port, " of this machine cannot be listened at (", problem, ")"));
}

std::optional<TcpConnection> accept_from(const Socket& listener, TcpClock::time_point deadline) {
  if (!wait_for(listener.get(), POLLIN, deadline)) return std::nullopt;
  Socket accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted) return std::nullopt;
  return TcpConnection(std::move(accepted));
}

TcpConnection connect_to(const std::string& address, int port, TcpClock::time_point deadline) {
  for (std::string problem;;) {
    const Addresses addresses = resolve(address.c_str(), port, 0, problem);
    for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
      if (Socket connected = connect_once(*each, deadline)) return TcpConnection(std::move(connected));
      problem = last_error();
    }
    if (TcpClock::now() + kBetweenTries >= deadline) throw unreachable(problem);
    std::this_thread::sleep_for(kBetweenTries);
  }
}

}  // namespace gannet
