// TCP sockets that never block, and the rough ways to end them.
#pragma once

#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace holdfast::chaos {

/// Any descriptor, closed at the end.
class socket_handle {
public:
  socket_handle() noexcept = default;
  explicit socket_handle(int descriptor) noexcept : descriptor_{descriptor} {}
  socket_handle(socket_handle&& other) noexcept
      : descriptor_{std::exchange(other.descriptor_, -1)} {}
  socket_handle& operator=(socket_handle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~socket_handle();

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }

private:
  int descriptor_ = -1;
};

struct endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

/// Of a numeric address.
[[nodiscard]] result<endpoint> make_endpoint(const std::string& numeric, std::uint16_t port);
[[nodiscard]] std::uint16_t port_of(const endpoint& e) noexcept;
[[nodiscard]] endpoint with_port(endpoint e, std::uint16_t port) noexcept;
[[nodiscard]] bool is_any(const endpoint& e) noexcept; ///< 0.0.0.0 or ::
/// Would a connection to `to` reach a socket that listens at `listen`?
[[nodiscard]] bool reaches(const endpoint& to, const endpoint& listen);

/// A socket that has its address and does not listen: it keeps the port ours. A listener at the
/// same address can come and go beside it.
[[nodiscard]] result<socket_handle> reserve(const endpoint& at);
[[nodiscard]] result<socket_handle> listen_at(const endpoint& at, int backlog);
[[nodiscard]] endpoint local_endpoint(const socket_handle& s);

/// An accepted connection; empty where there is none (errno tells why).
[[nodiscard]] socket_handle accept_from(const socket_handle& listener) noexcept;
[[nodiscard]] task<result<socket_handle>> connect_to(runtime& rt, endpoint to, deadline until);

/// RST to the peer, at once, though others still wait for this descriptor: they wake.
void abort(const socket_handle& s) noexcept;
/// FIN in both directions; who waits for this descriptor wakes.
void shut(const socket_handle& s) noexcept;
/// Bytes that the kernel has taken and not sent yet.
[[nodiscard]] int unsent(const socket_handle& s) noexcept;

[[nodiscard]] std::string error_text(int code);

} // namespace holdfast::chaos
