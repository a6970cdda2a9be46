// A server that exists in virtual time only, and a connector to it: connects, pings and resets take
// a while and fail when the server is down. It keeps count, so that tests can ask what it saw.
#pragma once

#include <holdfast/pool.hpp>
#include <holdfast/simulation.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

namespace holdfast::testing {

struct fake_server {
  explicit fake_server(simulator& w) : world{w} {}

  simulator& world;
  bool up = true;
  bool black_hole = false; ///< answers nothing: only deadlines end what is asked
  bool condemning = false; ///< a failed connect says that the host is down
  duration connect_time = std::chrono::milliseconds{5};
  std::uint32_t flaky = 0; ///< one connect in so many fails; 0: none

  std::uint64_t connects = 0;
  std::uint32_t connecting = 0;
  std::uint32_t most_connecting = 0;
  std::set<std::uint64_t> sessions; ///< open now
  std::uint64_t pings = 0;
  std::uint64_t resets = 0;
};

struct fake_session {
  std::uint64_t id = 0;
  bool dirty = false;
  bool broken = false;
  int users = 0; ///< must never be more than one
};

class fake_connector {
public:
  explicit fake_connector(std::shared_ptr<fake_server> s) : server_{std::move(s)} {}

  task<result<fake_session>> open(runtime& rt, deadline until) {
    fake_server& s = *server_;
    const std::uint64_t id = ++s.connects;
    s.most_connecting = std::max(s.most_connecting, ++s.connecting);
    const bool answered = co_await round_trip(rt, s.connect_time, until);
    --s.connecting;
    if (!answered) co_return make_error(errc::connect_timeout, "no answer");
    if (!s.up || (s.flaky && s.world.random() % s.flaky == 0))
      co_return make_error(errc::connect_refused, "refused");
    s.sessions.insert(id);
    co_return fake_session{id};
  }

  task<result<void>> ping(runtime& rt, fake_session& c, deadline until) {
    ++server_->pings;
    const bool answered = co_await round_trip(rt, std::chrono::milliseconds{1}, until);
    if (!answered || c.broken || !server_->sessions.contains(c.id))
      co_return make_error(errc::connection_lost, "dead");
    co_return result<void>{};
  }

  task<result<void>> reset(runtime& rt, fake_session& c, deadline until) {
    ++server_->resets;
    auto alive = co_await ping(rt, c, until);
    if (!alive) co_return alive;
    c.dirty = false;
    co_return result<void>{};
  }

  task<void> close(runtime&, fake_session& c) {
    server_->sessions.erase(c.id);
    co_return;
  }

  bool dirty(const fake_session& c) const noexcept { return c.dirty; }
  bool usable(const fake_session& c) const noexcept { return !c.broken; }
  void interrupt(fake_session& c) noexcept {
    c.broken = true;
    server_->sessions.erase(c.id);
  }
  bool condemns(const error&) const noexcept { return server_->condemning; }

private:
  task<bool> round_trip(runtime& rt, duration takes, deadline until) {
    const auto answer = server_->black_hole ? time_point::max() : rt.now() + takes;
    co_await rt.sleep_until(std::min(answer, until.at()));
    co_return answer <= until.at();
  }

  std::shared_ptr<fake_server> server_;
};

using fake_pool = pool<fake_session>;

/// Wants nothing for long: as in production, but faster to look through.
inline pool_options quick_options(std::uint32_t min_size, std::uint32_t max_size) {
  pool_options o;
  o.min_size = min_size;
  o.max_size = max_size;
  o.acquire_timeout = std::chrono::milliseconds{500};
  o.connect_timeout = std::chrono::milliseconds{200};
  o.ping_timeout = std::chrono::milliseconds{50};
  o.ping_after_idle = std::chrono::milliseconds{20};
  o.idle_timeout = std::chrono::milliseconds{300};
  o.keepalive = std::chrono::milliseconds{100};
  o.max_lifetime = std::chrono::milliseconds{900};
  o.leak_after = std::chrono::milliseconds{400};
  o.maintenance_interval = std::chrono::milliseconds{25};
  return o;
}

} // namespace holdfast::testing
