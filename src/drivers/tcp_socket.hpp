// What a driver needs to open a socket of its own: a handle that closes, and an address without
// name resolution.
#pragma once

#include <cstdint>
#include <memory>
#include <netdb.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace holdfast::drivers {

struct free_addresses {
  void operator()(addrinfo* a) const noexcept { ::freeaddrinfo(a); }
};
using address_list = std::unique_ptr<addrinfo, free_addresses>;

/// A numeric address; null if `text` is none.
inline address_list numeric_address(const std::string& text, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  ::getaddrinfo(text.c_str(), std::to_string(port).c_str(), &hints, &found);
  return address_list{found};
}

class socket_handle {
public:
  /// A non-blocking stream socket for `to`; `get()` < 0 and errno where there is none.
  explicit socket_handle(const addrinfo& to) noexcept
      : descriptor_{::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {}
  socket_handle(const socket_handle&) = delete;
  socket_handle& operator=(const socket_handle&) = delete;
  ~socket_handle() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  /// How a connect that was under way ended: an errno, 0 for success.
  [[nodiscard]] int failure() const noexcept {
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &number, &size);
    return number;
  }

private:
  int descriptor_;
};

} // namespace holdfast::drivers
