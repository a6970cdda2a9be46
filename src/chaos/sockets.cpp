#include "chaos/sockets.hpp"

#include <cerrno>
#include <cstring>
#include <linux/sockios.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>

namespace holdfast::chaos {
namespace {

error failed(errc code, const std::string& what) {
  const int reason = errno;
  error e = make_error(code, what + ": " + error_text(reason));
  e.native_code = std::to_string(reason);
  return e;
}

const sockaddr* raw(const endpoint& e) noexcept {
  return reinterpret_cast<const sockaddr*>(&e.address);
}
sockaddr* raw(endpoint& e) noexcept { return reinterpret_cast<sockaddr*>(&e.address); }

void turn_on(int descriptor, int level, int option) noexcept {
  const int on = 1;
  ::setsockopt(descriptor, level, option, &on, sizeof on);
}

socket_handle make_socket(const endpoint& e) noexcept {
  return socket_handle{
      ::socket(e.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
}

in6_addr v6(const endpoint& e) noexcept {
  return reinterpret_cast<const sockaddr_in6*>(&e.address)->sin6_addr;
}
in_addr_t v4(const endpoint& e) noexcept {
  return reinterpret_cast<const sockaddr_in*>(&e.address)->sin_addr.s_addr;
}

bool same_address(const endpoint& a, const endpoint& b) noexcept {
  if (a.address.ss_family != b.address.ss_family) return false;
  if (a.address.ss_family == AF_INET) return v4(a) == v4(b);
  const auto one = v6(a);
  const auto two = v6(b);
  return std::memcmp(&one, &two, sizeof one) == 0;
}

/// One can bind to this machine's addresses only.
bool is_ours(const endpoint& e) {
  const auto probe = make_socket(e);
  const auto anywhere = with_port(e, 0);
  return probe && ::bind(probe.get(), raw(anywhere), anywhere.size) == 0;
}

} // namespace

std::string error_text(int code) { return std::generic_category().message(code); }

socket_handle::~socket_handle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<endpoint> make_endpoint(const std::string& numeric, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(numeric.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return make_error(errc::invalid_configuration, "\"" + numeric + "\" is no numeric address");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned{found, ::freeaddrinfo};
  endpoint e;
  std::memcpy(&e.address, found->ai_addr, found->ai_addrlen);
  e.size = found->ai_addrlen;
  return e;
}

std::uint16_t port_of(const endpoint& e) noexcept {
  // Both families have it at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&e.address)->sin_port);
}

endpoint with_port(endpoint e, std::uint16_t port) noexcept {
  reinterpret_cast<sockaddr_in*>(&e.address)->sin_port = htons(port);
  return e;
}

bool is_any(const endpoint& e) noexcept {
  if (e.address.ss_family == AF_INET) return v4(e) == INADDR_ANY;
  const auto mine = v6(e);
  return std::memcmp(&mine, &in6addr_any, sizeof mine) == 0;
}

bool reaches(const endpoint& to, const endpoint& listen) {
  if (port_of(to) != port_of(listen)) return false;
  if (same_address(to, listen)) return true;
  return (is_any(listen) || is_any(to)) && is_ours(to);
}

result<socket_handle> reserve(const endpoint& at) {
  auto s = make_socket(at);
  if (!s) return failed(errc::invalid_configuration, "no socket");
  turn_on(s.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(s.get(), raw(at), at.size) != 0)
    return failed(errc::invalid_configuration, "port " + std::to_string(port_of(at)));
  return s;
}

result<socket_handle> listen_at(const endpoint& at, int backlog) {
  auto s = reserve(at);
  if (s && ::listen(s->get(), backlog) != 0)
    return failed(errc::invalid_configuration, "port " + std::to_string(port_of(at)));
  return s;
}

endpoint local_endpoint(const socket_handle& s) {
  endpoint e;
  e.size = sizeof e.address;
  ::getsockname(s.get(), raw(e), &e.size);
  return e;
}

socket_handle accept_from(const socket_handle& listener) noexcept {
  socket_handle s{::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (s) turn_on(s.get(), IPPROTO_TCP, TCP_NODELAY); // slices stay slices
  return s;
}

task<result<socket_handle>> connect_to(runtime& rt, endpoint to, deadline until) {
  auto s = make_socket(to);
  if (!s) co_return failed(errc::connect_refused, "no socket");
  turn_on(s.get(), IPPROTO_TCP, TCP_NODELAY);
  if (::connect(s.get(), raw(to), to.size) == 0) co_return s;
  if (errno != EINPROGRESS) co_return failed(errc::connect_refused, "the server");
  const auto waited = co_await rt.wait(s.get(), io::write, until);
  if (waited != wait_status::ready) co_return wait_error(waited, "connecting to the server");
  int reason = 0;
  socklen_t size = sizeof reason;
  ::getsockopt(s.get(), SOL_SOCKET, SO_ERROR, &reason, &size);
  errno = reason;
  if (reason != 0) co_return failed(errc::connect_refused, "the server");
  co_return s;
}

void abort(const socket_handle& s) noexcept {
  if (!s) return;
  const linger at_once{1, 0};
  ::setsockopt(s.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  // Closing would send the RST too, but leave a coroutine waiting for a descriptor that is gone.
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  (void)::connect(s.get(), &nowhere, sizeof nowhere);
}

void shut(const socket_handle& s) noexcept {
  if (s) ::shutdown(s.get(), SHUT_RDWR);
}

int unsent(const socket_handle& s) noexcept {
  int bytes = 0;
  return ::ioctl(s.get(), SIOCOUTQNSD, &bytes) == 0 ? bytes : 0;
}

} // namespace holdfast::chaos
