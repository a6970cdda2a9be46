#include "drivers/greeting.hpp"

#include "drivers/way.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <sys/socket.h>

namespace holdfast::drivers {
namespace {

/// How long a server that speaks first may take to do so.
constexpr duration a_moment = std::chrono::milliseconds{200};

/// Length, and a number that no version of PostgreSQL's protocol has.
constexpr std::array<unsigned char, 8> ssl_request{0, 0, 0, 8, 4, 210, 22, 47};

std::string_view name_of(protocol p) noexcept {
  switch (p) {
  case protocol::postgresql: return "PostgreSQL";
  case protocol::mysql: return "MySQL";
  case protocol::unknown: break;
  }
  return "something else";
}

std::string_view scheme_of(protocol p) noexcept {
  return p == protocol::mysql ? "mysql://" : "postgresql://";
}

task<bool> readable(runtime& rt, int descriptor, deadline until) {
  const auto waited = co_await rt.wait(descriptor, io::read, until);
  co_return waited == wait_status::ready;
}

} // namespace

protocol protocol_of(std::span<const unsigned char> greeting) noexcept {
  // Three bytes of length, the packet's number 0, the protocol's version 10 or an error.
  if (greeting.size() < 5 || greeting[3] != 0) return protocol::unknown;
  const bool speaks = greeting[4] == 10 || greeting[4] == 0xff;
  return speaks && greeting[2] == 0 ? protocol::mysql : protocol::unknown;
}

task<protocol> who_answers(runtime& rt, std::string address, std::uint16_t port, bool asks,
                           deadline until) {
  const auto socket = co_await open_way(rt, std::move(address), port, until);
  if (!socket) co_return protocol::unknown;
  const int d = socket.get();
  const auto soon = earliest(until, deadline::after(rt.now(), a_moment));
  std::array<unsigned char, 16> heard{};
  if (co_await readable(rt, d, soon)) {
    const auto n = ::recv(d, heard.data(), heard.size(), 0);
    co_return n > 0 ? protocol_of({heard.data(), static_cast<std::size_t>(n)}) : protocol::unknown;
  }
  if (!asks) co_return protocol::unknown;
  if (::send(d, ssl_request.data(), ssl_request.size(), MSG_NOSIGNAL) < 0)
    co_return protocol::unknown;
  if (!co_await readable(rt, d, until)) co_return protocol::unknown;
  const auto n = ::recv(d, heard.data(), heard.size(), 0);
  const bool yes_or_no = n == 1 && (heard[0] == 'S' || heard[0] == 'N');
  co_return yes_or_no ? protocol::postgresql : protocol::unknown;
}

error other_engine_error(protocol found, protocol wanted, const connect_target& to) {
  return failed_connect(errc::invalid_configuration,
                        "url: " + to.peer + " speaks " + std::string{name_of(found)} + ", not " +
                            std::string{name_of(wanted)} + ": take " +
                            std::string{scheme_of(found)} + ", or another port");
}

} // namespace holdfast::drivers
