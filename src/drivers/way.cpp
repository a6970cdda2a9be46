#include "drivers/way.hpp"

#include "drivers/tcp_socket.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <system_error>

namespace holdfast::drivers {

namespace {

error failed(const std::string& peer, int number) {
  const auto code = number == ECONNREFUSED ? errc::connect_refused : errc::host_unreachable;
  return make_error(code, peer + ": " + std::generic_category().message(number));
}

task<std::optional<error>> open_once(runtime& rt, const addrinfo& to, std::string peer,
                                     deadline until) {
  const socket_handle socket{to};
  if (socket.get() < 0) co_return failed(peer, errno);
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) co_return std::nullopt;
  if (errno != EINPROGRESS) co_return failed(peer, errno);
  const auto waited = co_await rt.wait(socket.get(), io::write, until);
  if (waited == wait_status::cancelled) co_return wait_error(waited, "connecting to " + peer);
  if (waited == wait_status::timed_out)
    co_return make_error(errc::connect_timeout, peer + ": no answer in time");
  if (const int number = socket.failure(); number != 0) co_return failed(peer, number);
  co_return std::nullopt;
}

} // namespace

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
  const auto to = numeric_address(address, port);
  if (!to) {
    facts.failure = make_error(errc::host_unreachable, facts.peer + ": not an address");
    co_return facts;
  }
  const time_point began = rt.now();
  facts.failure = co_await open_once(rt, *to, facts.peer, until);
  facts.took = rt.now() - began;
  co_return facts;
}

} // namespace holdfast::drivers
