#include "chaos/rule.hpp"
#include "chaos/sockets.hpp"

#include <holdfast/full_backlog.hpp>
#include <holdfast/thread_runtime.hpp>

#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

constexpr duration dropped_after = 100ms;
constexpr int most_fillers = 16; // a backlog of 0 takes one or two

} // namespace

struct full_backlog::state {
  chaos::socket_handle listener; // accepts nobody
  std::vector<chaos::socket_handle> fillers;
};

full_backlog::full_backlog(std::uint16_t port) : state_{std::make_unique<state>()} {
  const auto wanted = chaos::make_endpoint("127.0.0.1", port).value();
  state_->listener = chaos::listen_at(wanted, 0).value();
  const auto at = chaos::local_endpoint(state_->listener);
  thread_runtime rt;
  for (int i = 0; i < most_fillers; ++i) {
    auto made = run_inline(chaos::connect_to(rt, at, deadline::after(rt.now(), dropped_after)));
    if (!made) return;
    state_->fillers.push_back(*std::move(made));
  }
  throw_error(chaos::wrong("the backlog of a listener did not fill"));
}

full_backlog::~full_backlog() = default;

std::uint16_t full_backlog::port() const noexcept {
  return chaos::port_of(chaos::local_endpoint(state_->listener));
}

} // namespace holdfast
