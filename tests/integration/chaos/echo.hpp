// An echo server and a client, each as simple as can be: they block, with a limit on every wait.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace holdfast::test {

using namespace std::chrono_literals;

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  return a;
}

inline bool readable(int fd, std::chrono::milliseconds limit) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, static_cast<int>(limit.count())) == 1;
}

/// Sends back what it gets, and closes its side when the client does.
class echo_server {
public:
  echo_server() {
    auto at = loopback(0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread{[this] { run(); }};
  }
  ~echo_server() {
    stop_ = true;
    thread_.join();
    for (auto& t : peers_) t.join();
    ::close(listener_);
  }
  echo_server(const echo_server&) = delete;
  echo_server& operator=(const echo_server&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  std::atomic<int> accepted = 0;
  std::atomic<int> ended = 0;  ///< clients that closed their side
  std::atomic<int> broken = 0; ///< connections that were reset

private:
  void run() {
    while (!stop_) {
      if (!readable(listener_, 5ms)) continue;
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) continue;
      ++accepted;
      peers_.emplace_back([this, fd] { echo(fd); });
    }
  }
  void echo(int fd) {
    char part[65536];
    while (!stop_) {
      if (!readable(fd, 5ms)) continue;
      const auto n = ::recv(fd, part, sizeof part, 0);
      if (n == 0) ++ended;
      const bool failed =
          n < 0 || (n > 0 && ::send(fd, part, static_cast<std::size_t>(n), MSG_NOSIGNAL) < 0);
      if (failed) ++broken;
      if (n <= 0 || failed) break;
    }
    ::close(fd);
  }

  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> peers_;
  std::thread thread_;
};

/// What a wait of a client came to.
enum class heard { bytes, silence, end, reset };

class tcp_client {
public:
  explicit tcp_client(std::uint16_t port) {
    const auto at = loopback(port);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) error_ = errno;
  }
  ~tcp_client() { ::close(fd_); }
  tcp_client(const tcp_client&) = delete;
  tcp_client& operator=(const tcp_client&) = delete;

  [[nodiscard]] int connect_error() const { return error_; }
  void say(std::string_view bytes) const { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void finish() const { ::shutdown(fd_, SHUT_WR); }
  /// Until `size` bytes, or until nothing has come for `patience`.
  heard hear(std::size_t size, std::chrono::milliseconds patience = 2s) {
    text.clear();
    reads = 0;
    while (text.size() < size) {
      if (!readable(fd_, patience)) return heard::silence;
      char part[65536];
      const auto n = ::recv(fd_, part, sizeof part, 0);
      if (n < 0) return heard::reset;
      if (n == 0) return heard::end;
      text.append(part, static_cast<std::size_t>(n));
      ++reads;
    }
    return heard::bytes;
  }
  std::string text; ///< what `hear` got
  int reads = 0;

private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int error_ = 0;
};

} // namespace holdfast::test
