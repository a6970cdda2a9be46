#include <holdfast/circuit_breaker.hpp>
#include <holdfast/exceptions.hpp>

#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

struct recorder : observer {
  void on_event(const event& e) noexcept override {
    kinds.push_back(e.kind);
    if (e.failure) cause = e.failure->code;
    host = e.host;
  }
  std::vector<event_kind> kinds;
  errc cause = errc::internal_error;
  std::string host;
};

struct CircuitBreaker : testing::Test {
  breaker_options options;
  std::shared_ptr<recorder> events = std::make_shared<recorder>();
  time_point now{1h};

  circuit_breaker make() { return {options, 1, events, "shop", "db:5432"}; }
  void fail(circuit_breaker& b, int times) {
    const error e = make_error(errc::connection_lost, "");
    for (int i = 0; i < times; ++i) b.acquire(now).failed(now, &e);
  }
  void succeed(circuit_breaker& b, int times) {
    for (int i = 0; i < times; ++i) b.acquire(now).succeeded(now);
  }
};

TEST_F(CircuitBreaker, quick_successes_count_like_slow_path_ones) {
  auto b = make();
  succeed(b, 7);
  EXPECT_EQ(b.snapshot(now).calls, 7U);
  succeed(b, 1000);
  EXPECT_EQ(b.snapshot(now).calls, 100U);
  fail(b, 49);
  EXPECT_DOUBLE_EQ(b.snapshot(now).failure_rate, 0.49);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::closed);
  fail(b, 1);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::open);
}

TEST_F(CircuitBreaker, a_quick_success_that_reaches_the_minimum_opens_too) {
  auto b = make();
  fail(b, 9);
  succeed(b, 1);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::open);
}

TEST_F(CircuitBreaker, quick_successes_push_old_failures_out) {
  auto b = make();
  succeed(b, 60);
  fail(b, 40);
  succeed(b, 90);
  fail(b, 40);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::closed) << "50 of them are gone";
}

TEST_F(CircuitBreaker, time_window_counts_quick_successes_in_their_second) {
  options.window = breaker_options::window_kind::time;
  options.window_length = 2s;
  auto b = make();
  succeed(b, 10);
  now += 1s;
  succeed(b, 20);
  EXPECT_EQ(b.snapshot(now).calls, 30U);
  now += 1s;
  EXPECT_EQ(b.snapshot(now).calls, 20U);
  now += 1s;
  EXPECT_EQ(b.snapshot(now).calls, 0U);
}

// The fast path is an optimisation: the same calls give the same numbers as by the slow path.
TEST_F(CircuitBreaker, property_fast_and_slow_path_agree) {
  for (const auto window :
       {breaker_options::window_kind::count, breaker_options::window_kind::time}) {
    options.window = window;
    options.window_length = 5s;
    options.window_calls = 30;
    options.failure_rate_threshold = 1.0;
    options.slow_call_after = 1s;
    for (unsigned seed = 1; seed <= 20; ++seed) {
      std::mt19937_64 random{seed};
      auto fast = make();
      auto slow = make();
      for (int i = 0; i < 2000; ++i) {
        if (random() % 10 == 0) now += std::chrono::milliseconds{random() % 900};
        auto p = fast.acquire(now);
        auto q = slow.acquire(now);
        (void)slow.snapshot(now - 1s); // takes the key away: the next success is slow
        const auto kind = random() % 20;
        const time_point end = now + (kind == 1 ? 2s : 0s);
        if (kind == 0) {
          p.failed(end);
          q.failed(end);
        } else {
          p.succeeded(end);
          q.succeeded(end);
        }
        now = end;
        const auto a = fast.snapshot(now);
        const auto c = slow.snapshot(now);
        ASSERT_EQ(a.state, c.state) << seed;
        ASSERT_EQ(a.calls, c.calls) << seed;
        ASSERT_DOUBLE_EQ(a.failure_rate, c.failure_rate) << seed;
        ASSERT_DOUBLE_EQ(a.slow_call_rate, c.slow_call_rate) << seed;
      }
    }
  }
}

TEST_F(CircuitBreaker, tells_of_its_changes_with_cause_and_host) {
  auto b = make();
  fail(b, 10);
  EXPECT_EQ(events->kinds, (std::vector{event_kind::breaker_opened}));
  EXPECT_EQ(events->cause, errc::connection_lost);
  EXPECT_EQ(events->host, "db:5432");
  now += b.snapshot(now).open_for;
  succeed(b, 3);
  now += options.ramp;
  succeed(b, 1);
  EXPECT_EQ(events->kinds.back(), event_kind::breaker_closed);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::closed);
}

TEST_F(CircuitBreaker, refusal_says_why_and_for_how_long) {
  auto b = make();
  fail(b, 10);
  auto p = b.acquire(now);
  EXPECT_FALSE(p);
  p.succeeded(now);
  const error e = b.refusal(now + 1s);
  EXPECT_EQ(e.code, errc::circuit_open);
  EXPECT_EQ(e.where.host, "db:5432");
  EXPECT_EQ(e.retry_after, b.snapshot(now + 1s).open_for);
  EXPECT_NE(e.message.find("connection_lost"), std::string::npos) << e.message;
}

TEST_F(CircuitBreaker, a_dropped_probe_does_not_wedge) {
  auto b = make();
  fail(b, 10);
  now += 10s;
  for (int i = 0; i < 20; ++i) {
    auto p = b.acquire(now);
    ASSERT_TRUE(p);
    auto moved = std::move(p);
    EXPECT_FALSE(p); // NOLINT(bugprone-use-after-move): moved from means refused
  }
  EXPECT_EQ(b.snapshot(now).state, breaker_state::half_open);
  succeed(b, 3);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::ramp);
}

TEST_F(CircuitBreaker, permits_of_before_count_for_nothing) {
  auto b = make();
  std::vector<circuit_breaker::permit> old;
  for (int i = 0; i < 30; ++i) old.push_back(b.acquire(now));
  fail(b, 10);
  b.host_up(now);
  for (int i = 0; i < 15; ++i) old[static_cast<std::size_t>(i)].failed(now);
  for (int i = 15; i < 30; ++i) old[static_cast<std::size_t>(i)].succeeded(now);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::ramp);
  EXPECT_EQ(b.snapshot(now).calls, 0U);
}

TEST_F(CircuitBreaker, host_down_passes_and_forgets) {
  auto b = make();
  b.host_down(now);
  fail(b, 100);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::host_down);
  EXPECT_TRUE(events->kinds.empty()) << "the monitor tells of that";
  b.host_up(now);
  EXPECT_EQ(b.snapshot(now).state, breaker_state::closed);
}

TEST_F(CircuitBreaker, modes_change_at_run_time) {
  auto b = make();
  b.set_mode(breaker_options::mode::forced_open, now);
  EXPECT_FALSE(b.acquire(now));
  EXPECT_FALSE(b.refusal(now).retry_after.has_value());
  b.set_mode(breaker_options::mode::disabled, now);
  fail(b, 100);
  EXPECT_TRUE(b.acquire(now));
  b.set_mode(breaker_options::mode::automatic, now);
  fail(b, 10);
  EXPECT_FALSE(b.acquire(now));
}

TEST_F(CircuitBreaker, rejects_impossible_options_all_at_once) {
  options.window_calls = 0;
  options.failure_rate_threshold = 1.5;
  options.ramp = -1s;
  EXPECT_EQ(validate(options).size(), 4U) << "and minimum_calls is above window_calls";
  EXPECT_THROW(make(), configuration_error);
  EXPECT_TRUE(validate(breaker_options{}).empty());
}

TEST(Availability, only_the_hosts_own_failures_count) {
  for (const errc c :
       {errc::connect_refused, errc::connect_timeout, errc::connection_lost, errc::server_shutdown,
        errc::too_many_connections, errc::server_overloaded, errc::disk_full, errc::io_failure,
        errc::protocol_violation, errc::outcome_unknown})
    EXPECT_TRUE(counts_against_host(make_error(c, ""))) << to_string(c);
  for (const errc c :
       {errc::deadlock, errc::serialization_failure, errc::lock_not_available, errc::database_busy,
        errc::unique_violation, errc::syntax_error, errc::authentication_failed,
        errc::permission_denied, errc::pool_timeout, errc::circuit_open, errc::admission_refused,
        errc::cancelled, errc::statement_timeout, errc::certificate_expired,
        errc::deadline_exceeded, errc::stale_statement, errc::read_only_server})
    EXPECT_FALSE(counts_against_host(make_error(c, ""))) << to_string(c);
  error e = make_error(errc::deadline_exceeded, "");
  e.when = phase::sent;
  EXPECT_TRUE(counts_against_host(e)) << "asked, and it did not answer";
}

} // namespace
} // namespace holdfast
