#include "drivers/way.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace holdfast::drivers {

namespace {

struct free_addresses {
  void operator()(addrinfo* a) const noexcept { ::freeaddrinfo(a); }
};
using address_list = std::unique_ptr<addrinfo, free_addresses>;

address_list numeric(const std::string& text, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(text.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return {};
  return address_list{found};
}

error failed(const std::string& peer, int number) {
  const auto code = number == ECONNREFUSED ? errc::connect_refused : errc::host_unreachable;
  return make_error(code, peer + ": " + std::generic_category().message(number));
}

int last_error_of(int descriptor) {
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size);
  return failure;
}

open_socket make_socket(const addrinfo& to) {
  return open_socket{::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
}

task<std::optional<error>> connect_way(runtime& rt, const open_socket& socket, const addrinfo& to,
                                       std::string peer, deadline until) {
  if (!socket) co_return failed(peer, errno);
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) co_return std::nullopt;
  if (errno != EINPROGRESS) co_return failed(peer, errno);
  const auto waited = co_await rt.wait(socket.get(), io::write, until);
  if (waited == wait_status::cancelled) co_return wait_error(waited, "connecting to " + peer);
  if (waited == wait_status::timed_out)
    co_return make_error(errc::connect_timeout, peer + ": no answer in time");
  if (const int number = last_error_of(socket.get()); number != 0) co_return failed(peer, number);
  co_return std::nullopt;
}

} // namespace

open_socket::~open_socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

task<open_socket> open_way(runtime& rt, std::string address, std::uint16_t port, deadline until) {
  const auto to = numeric(address, port);
  if (!to) co_return open_socket{};
  open_socket socket = make_socket(*to);
  const auto failure = co_await connect_way(rt, socket, *to, std::move(address), until);
  if (failure) co_return open_socket{};
  co_return socket;
}

bool is_name(const host_port& server) noexcept {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return !server.is_socket() && ::inet_pton(AF_INET, server.host.c_str(), out.data()) != 1 &&
         ::inet_pton(AF_INET6, server.host.c_str(), out.data()) != 1;
}

task<name_facts> look_up(runtime& rt, std::string name, deadline until) {
  name_facts facts{.name = name};
  const time_point began = rt.now();
  auto found = co_await rt.resolve(std::move(name), until);
  facts.took = rt.now() - began;
  if (!found)
    facts.failure = std::move(found.error());
  else if (found->empty())
    facts.failure = make_error(errc::name_not_resolved, "the name has no address");
  else
    for (auto& a : *found) facts.addresses.push_back(std::move(a.text));
  co_return facts;
}

task<way_facts> try_way(runtime& rt, std::string address, std::uint16_t port, deadline until) {
  way_facts facts{.peer = holdfast::to_string(host_port{address, port})};
  const auto to = numeric(address, port);
  if (!to) {
    facts.failure = make_error(errc::host_unreachable, facts.peer + ": not an address");
    co_return facts;
  }
  const time_point began = rt.now();
  const open_socket socket = make_socket(*to);
  facts.failure = co_await connect_way(rt, socket, *to, facts.peer, until);
  facts.took = rt.now() - began;
  co_return facts;
}

} // namespace holdfast::drivers
