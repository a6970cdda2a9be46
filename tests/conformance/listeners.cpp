#include "conformance/listeners.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace holdfast::conformance {

namespace {

constexpr int look_every_ms = 20;

void check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

/// What the client says first is read, or its end would be a reset that may overtake our words.
void answer(int client, const std::string& words) {
  char ignored[4096];
  pollfd said{client, POLLIN, 0};
  (void)::poll(&said, 1, look_every_ms);
  (void)::recv(client, ignored, sizeof ignored, MSG_DONTWAIT);
  (void)::send(client, words.data(), words.size(), MSG_NOSIGNAL);
  ::close(client);
}

} // namespace

closed_port::closed_port() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  check(socket_, "socket");
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  check(::bind(socket_, reinterpret_cast<sockaddr*>(&at), size), "bind");
  check(::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size), "getsockname");
  port_ = ntohs(at.sin_port);
}

closed_port::~closed_port() { ::close(socket_); }

silent_port::silent_port() { check(::listen(socket_, 8), "listen"); }

speaking_port::speaking_port(std::string words) {
  check(::listen(socket_, 8), "listen");
  thread_ = std::jthread{[this, words = std::move(words)](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd coming{socket_, POLLIN, 0};
      if (::poll(&coming, 1, look_every_ms) <= 0) continue;
      if (const int client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); client >= 0)
        answer(client, words);
    }
  }};
}

} // namespace holdfast::conformance
