// The whole pool in virtual time: callers, outages, clears and suspensions in seeded disorder, with
// the pool's promises checked after each step.
#include "sim/pool/fake_server.hpp"

#include <cstdlib>
#include <deque>
#include <gtest/gtest.h>
#include <map>

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

/// Rebuilds the pool's numbers from its events, and throws where they break a promise.
class auditor final : public observer {
public:
  explicit auditor(const pool_options& o) : options_{o} {}

  void on_event(const event& e) noexcept override {
    switch (e.kind) {
    case event_kind::connection_created:
      require(e.connection == ++last_id_, "ids out of order");
      require(!paused_, "a connect began in a pool that is not ready");
      ++connecting_[e.connection];
      break;
    case event_kind::connection_ready:
      require(connecting_.erase(e.connection) == 1, "ready without a connect");
      open_[e.connection] = generation_;
      break;
    case event_kind::connection_closed:
      require(connecting_.erase(e.connection) + open_.erase(e.connection) == 1, "closed twice");
      break;
    case event_kind::acquire_started: ++waiting_; break;
    case event_kind::acquire_failed: --waiting_; break;
    case event_kind::acquired:
      --waiting_;
      require(open_.contains(e.connection), "a closed connection was lent");
      require(open_[e.connection] == generation_, "a connection of an old generation was lent");
      require(lent_.insert(e.connection).second, "lent twice");
      break;
    case event_kind::released: require(lent_.erase(e.connection) == 1, "released twice"); break;
    case event_kind::pool_cleared:
      ++generation_;
      paused_ = true;
      break;
    case event_kind::pool_ready:
    case event_kind::pool_resumed: paused_ = false; break;
    case event_kind::pool_suspended: paused_ = true; break;
    case event_kind::pool_closed: paused_ = true; break;
    default: break;
    }
    require(connecting_.size() + open_.size() <= options_.max_size, "more than max_size");
    require(waiting_ >= 0, "an acquire ended twice");
  }

  /// Between steps: within one a donated connection is created and ready, though others connect.
  void settled() {
    require(connecting_.size() <= options_.max_connecting, "more than max_connecting");
  }
  [[nodiscard]] const std::string& broken() const { return broken_; }
  [[nodiscard]] bool all_ended() const {
    return waiting_ == 0 && lent_.empty() && connecting_.empty() && open_.empty();
  }
  /// Its connect ended or its lease is back, and it was not closed.
  [[nodiscard]] std::size_t open() const { return open_.size(); }

private:
  void require(bool holds, const char* what) noexcept {
    if (!holds && broken_.empty()) broken_ = what;
  }
  const pool_options options_;
  std::uint64_t last_id_ = 0;
  std::uint64_t generation_ = 1;
  bool paused_ = true;
  std::map<std::uint64_t, int> connecting_;
  std::map<std::uint64_t, std::uint64_t> open_; // generation
  std::set<std::uint64_t> lent_;
  int waiting_ = 0;
  std::string broken_;
};

struct town {
  explicit town(std::uint64_t seed) : world{seed} {
    const auto pick = [this](std::uint64_t n) { return world.random() % n; };
    options =
        quick_options(static_cast<std::uint32_t>(pick(4)), static_cast<std::uint32_t>(4 + pick(5)));
    options.max_connecting = static_cast<std::uint32_t>(1 + pick(3));
    options.newest_first = pick(4) == 0;
    options.wait_queue_limit = pick(3) == 0 ? 5 : 1000;
    server->flaky = pick(2) == 0 ? 10 : 0;
    server->condemning = pick(2) == 0;
    audit = std::make_shared<auditor>(options);
    lent =
        std::make_unique<fake_pool>(options, fake_connector{server}, pool_environment{loop, audit});
    world.after_each_step([this] { check(); });
  }

  void check() const {
    audit->settled();
    const std::string& what = broken.empty() ? audit->broken() : broken;
    if (!what.empty())
      throw std::logic_error{what + " (seed " + std::to_string(world.seed()) + ")"};
  }
  /// For coroutines, out of which nothing may be thrown.
  void require(bool holds, const char* what) {
    if (!holds && broken.empty()) broken = what;
  }

  std::uint64_t pick(std::uint64_t n) { return world.random() % n; }
  duration some(duration most) {
    return duration{static_cast<duration::rep>(pick(static_cast<std::uint64_t>(most.count())))};
  }

  simulator world;
  std::shared_ptr<fake_server> server = std::make_shared<fake_server>(world);
  std::shared_ptr<sim_runtime> loop = std::make_shared<sim_runtime>(world);
  pool_options options;
  std::shared_ptr<auditor> audit;
  std::deque<sim_runtime> runtimes; // outlive the pool, whose waiters point to them
  std::unique_ptr<fake_pool> lent;
  int callers = 0; // and the weather
  std::uint64_t served = 0;
  std::string broken;
};

// Borrows again and again, sometimes for long, sometimes leaving the connection dirty or in doubt.
task<void> live(town& t, sim_runtime& rt, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    co_await rt.sleep_until(rt.now() + t.some(60ms));
    acquire_request request;
    request.priority = static_cast<priority>(t.pick(3));
    if (t.pick(4) == 0) request.until = deadline::after(rt.now(), t.some(50ms));
    const time_point began = rt.now();
    auto got = co_await t.lent->acquire(rt, request);
    t.require(rt.now() <= began + t.options.acquire_timeout, "waited too long");
    if (rt.cancelled()) break;
    if (!got) continue;
    fake_session& c = **got;
    t.require(++c.users == 1, "two users of one connection");
    t.require(!c.dirty, "a connection was lent that nobody reset");
    ++t.served;
    co_await rt.sleep_until(rt.now() + t.some(t.pick(20) == 0 ? 500ms : 10ms));
    c.dirty = t.pick(3) == 0;
    if (t.pick(10) == 0) got->discard();
    --c.users;
  }
  --t.callers;
}

// What happens to a pool from above and from below.
task<void> weather(town& t, sim_runtime& rt) {
  for (int i = 0; i < 30; ++i) {
    co_await rt.sleep_until(rt.now() + t.some(120ms));
    switch (t.pick(10)) {
    case 0: t.server->up = false; break;
    case 1: t.server->black_hole = true; break;
    case 2: t.lent->clear(make_error(errc::server_shutdown, "down"), t.pick(2) == 0); break;
    case 3: t.lent->suspend(); break;
    case 4: t.lent->resume(); break;
    case 5: t.lent->set_lease_limit(static_cast<std::uint32_t>(1 + t.pick(8))); break;
    case 6: t.lent->suspect_idle(); break;
    case 7: t.lent->retire_all(); break;
    case 8: // the server restarts: sessions are gone and nobody said so
      t.server->sessions.clear();
      break;
    default: {
      t.server->up = true;
      t.server->black_hole = false;
      t.lent->ready();
      fake_session probe{++t.server->connects};
      t.server->sessions.insert(probe.id);
      if (!t.lent->donate(probe)) t.server->sessions.erase(probe.id);
    }
    }
  }
  t.server->up = true;
  t.server->black_hole = false;
  t.lent->resume();
  t.lent->ready();
  --t.callers;
}

/// How many leases there were.
std::uint64_t run(std::uint64_t seed) {
  town t{seed};
  t.lent->ready();
  for (int i = 0; i < 24; ++i) {
    ++t.callers;
    t.runtimes.emplace_back(t.world);
    t.loop->spawn(live(t, t.runtimes.back(), 25));
  }
  ++t.callers;
  t.loop->spawn(weather(t, *t.loop));
  // Some callers give up.
  for (std::size_t i = 0; i < 3; ++i)
    t.world.at(t.world.now() + t.some(2s), [&t, i] { t.runtimes[i].cancel(); });
  EXPECT_TRUE(t.world.run_until([&] { return t.callers == 0; }, 10min)) << "a waiter was lost";
  const auto closed =
      t.loop->run(t.lent->close(*t.loop, deadline::after(t.world.now(), std::chrono::seconds{5})));
  EXPECT_TRUE(closed);
  EXPECT_TRUE(t.audit->all_ended()) << t.audit->open() << " left";
  EXPECT_TRUE(t.server->sessions.empty()) << "a connection was not closed";
  t.lent.reset();
  t.world.run_for(1s);
  return t.served;
}

std::uint64_t seeds = 60; // `--seeds N` asks for more

TEST(pool_chaos, promises_hold_in_every_disorder) {
  std::uint64_t served = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ASSERT_NO_THROW(served += run(seed));
    if (HasFailure()) return;
  }
  EXPECT_GT(served, seeds * 100) << "nothing much was tried";
}

} // namespace
} // namespace holdfast::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view{argv[i]} == "--seeds")
      holdfast::testing::seeds = std::strtoull(argv[i + 1], nullptr, 10);
  return RUN_ALL_TESTS();
}
