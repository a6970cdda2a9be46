// Which of many sockets have something to read. Each is registered once: to wait for each by itself
// costs several system calls a message, and the proxy is to be light.
#pragma once

#include "chaos/sockets.hpp"

#include <cstdint>
#include <vector>

namespace holdfast::chaos {

class readiness {
public:
  struct event {
    std::uint64_t key = 0;
    bool ending = false; ///< the end, or an error, may stand behind the bytes that are there
  };

  readiness();
  /// Tells of each arrival once, until the socket is closed.
  void watch(const socket_handle& s, std::uint64_t key) noexcept;
  /// Readable when `take` has something.
  [[nodiscard]] int descriptor() const noexcept { return epoll_.get(); }
  /// Never blocks.
  [[nodiscard]] const std::vector<event>& take();

private:
  socket_handle epoll_;
  std::vector<event> events_;
};

} // namespace holdfast::chaos
