#include "resilience/breaker_core.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace holdfast::detail {
namespace {

using namespace std::chrono_literals;
using enum breaker_state;
using mode = breaker_options::mode;

constexpr outcome good{};
constexpr outcome bad{true, false};
constexpr outcome slow{false, true};

struct BreakerCore : testing::Test {
  breaker_options options;
  time_point now{1h};
  std::vector<breaker_state> seen;

  BreakerCore() {
    options.window_calls = 20;
    options.half_open_probes = 3;
  }
  breaker_core make() {
    return {options, 1,
            [this](breaker_state, breaker_state to, time_point) { seen.push_back(to); }};
  }
  void call(breaker_core& b, outcome o, int times = 1) {
    for (int i = 0; i < times; ++i) {
      const auto t = b.acquire(now);
      ASSERT_TRUE(t.admitted);
      if (t.counted) b.record(t.generation, o, now);
    }
  }
  void open(breaker_core& b) {
    call(b, bad, static_cast<int>(options.minimum_calls));
    ASSERT_EQ(b.shown(), breaker_state::open);
  }
  void to_ramp(breaker_core& b) {
    open(b);
    now += b.snapshot(now).open_for;
    call(b, good, 3);
    ASSERT_EQ(b.shown(), ramp);
  }
};

TEST_F(BreakerCore, opens_at_the_rate_not_below_the_minimum) {
  auto b = make();
  call(b, bad, 9);
  EXPECT_EQ(b.shown(), closed);
  call(b, bad);
  EXPECT_EQ(b.shown(), breaker_state::open);
  EXPECT_FALSE(b.acquire(now).admitted);
  EXPECT_EQ(seen, (std::vector{breaker_state::open}));
}

TEST_F(BreakerCore, a_success_that_reaches_the_minimum_opens_too) {
  auto b = make();
  call(b, bad, 9);
  call(b, good);
  EXPECT_EQ(b.shown(), breaker_state::open);
}

TEST_F(BreakerCore, stays_closed_just_below_the_rate) {
  auto b = make();
  call(b, good, 11);
  call(b, bad, 9);
  EXPECT_EQ(b.shown(), closed);
  call(b, bad);
  EXPECT_EQ(b.shown(), breaker_state::open) << "10 of the last 20";
}

TEST_F(BreakerCore, opens_on_slow_calls) {
  options.slow_call_rate_threshold = 0.8;
  auto b = make();
  call(b, good, 2);
  call(b, slow, 7);
  EXPECT_EQ(b.shown(), closed);
  call(b, slow);
  EXPECT_EQ(b.shown(), breaker_state::open);
}

TEST_F(BreakerCore, time_window_forgets) {
  options.window = breaker_options::window_kind::time;
  options.window_length = 10s;
  auto b = make();
  call(b, bad, 9);
  now += 10s;
  call(b, bad, 9);
  EXPECT_EQ(b.shown(), closed);
  call(b, bad);
  EXPECT_EQ(b.shown(), breaker_state::open);
}

TEST_F(BreakerCore, open_time_doubles_with_jitter_up_to_its_cap) {
  auto b = make();
  open(b);
  for (const auto expected : {5s, 10s, 20s, 40s, 60s, 60s}) {
    const duration d = b.snapshot(now).open_for;
    EXPECT_GE(d, expected);
    EXPECT_LE(d, expected * 5 / 4);
    now += d - 1ns;
    EXPECT_FALSE(b.acquire(now).admitted);
    now += 1ns;
    call(b, bad, 2); // two of three probes
    ASSERT_EQ(b.shown(), breaker_state::open);
  }
}

TEST_F(BreakerCore, jitter_differs_by_seed) {
  std::set<duration> times;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    breaker_core b{options, seed, nullptr};
    call(b, bad, 10);
    times.insert(b.snapshot(now).open_for);
  }
  EXPECT_GE(times.size(), 19U);
}

TEST_F(BreakerCore, without_a_ramp_it_closes_once_the_probes_succeeded) {
  options.ramp = 0s;
  auto b = make();
  open(b);
  now += 10s;
  call(b, good, 3);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(b.acquire(now).admitted);
  EXPECT_EQ(b.shown(), breaker_state::closed);
}

TEST_F(BreakerCore, half_open_admits_n_probes) {
  auto b = make();
  open(b);
  now += 10s;
  const auto first = b.acquire(now);
  EXPECT_EQ(b.shown(), half_open);
  EXPECT_TRUE(first.probe);
  EXPECT_TRUE(b.acquire(now).admitted);
  EXPECT_TRUE(b.acquire(now).admitted);
  EXPECT_FALSE(b.acquire(now).admitted);
  b.record(first.generation, good, now);
  EXPECT_FALSE(b.acquire(now).admitted) << "three are enough to decide";
}

TEST_F(BreakerCore, a_lost_probe_frees_its_place) {
  auto b = make();
  open(b);
  now += 10s;
  for (int i = 0; i < 100; ++i) {
    const auto t = b.acquire(now);
    ASSERT_TRUE(t.admitted) << i;
    b.abandon(t.generation);
  }
  call(b, good, 3);
  EXPECT_EQ(b.shown(), ramp);
}

TEST_F(BreakerCore, a_hung_probe_is_written_off_and_its_result_discarded) {
  auto b = make();
  open(b);
  now += 10s;
  const auto hung = b.acquire(now);
  (void)b.acquire(now);
  (void)b.acquire(now);
  ASSERT_FALSE(b.acquire(now).admitted);
  now += 7s;
  const auto next = b.acquire(now);
  ASSERT_TRUE(next.admitted);
  b.record(hung.generation, bad, now);
  b.record(hung.generation, bad, now);
  b.record(hung.generation, bad, now);
  EXPECT_EQ(b.shown(), half_open);
  b.abandon(hung.generation);
  b.record(next.generation, good, now);
  call(b, good, 2);
  EXPECT_EQ(b.shown(), ramp);
}

TEST_F(BreakerCore, ramp_admits_a_growing_share) {
  auto b = make();
  to_ramp(b);
  const auto share = [&] {
    int admitted = 0;
    for (int i = 0; i < 1000; ++i) admitted += b.acquire(now).admitted ? 1 : 0;
    return admitted;
  };
  EXPECT_TRUE(b.acquire(now).admitted) << "the first passes";
  EXPECT_NEAR(share(), 100, 1);
  now += options.ramp / 2;
  EXPECT_NEAR(share(), 550, 1);
  now += options.ramp / 2 - 1ms;
  EXPECT_NEAR(share(), 1000, 1);
  EXPECT_EQ(b.shown(), ramp);
  now += 1ms;
  EXPECT_EQ(share(), 1000);
  EXPECT_EQ(b.shown(), closed);
  EXPECT_EQ(seen, (std::vector{breaker_state::open, half_open, ramp, closed}));
}

TEST_F(BreakerCore, failures_in_the_ramp_open_again_for_longer) {
  auto b = make();
  to_ramp(b);
  while (b.shown() == ramp) {
    const auto t = b.acquire(now);
    if (t.admitted) b.record(t.generation, bad, now);
    now += 1ms;
  }
  EXPECT_EQ(b.shown(), breaker_state::open);
  EXPECT_GT(b.snapshot(now).open_for, 9s);
}

TEST_F(BreakerCore, once_closed_the_open_time_starts_over) {
  auto b = make();
  to_ramp(b);
  now += options.ramp;
  call(b, good);
  ASSERT_EQ(b.shown(), closed);
  call(b, bad, 9);
  ASSERT_EQ(b.shown(), breaker_state::open);
  EXPECT_LE(b.snapshot(now).open_for, 6250ms);
}

TEST_F(BreakerCore, results_of_an_earlier_generation_are_discarded) {
  auto b = make();
  std::vector<breaker_ticket> old;
  for (int i = 0; i < 50; ++i) old.push_back(b.acquire(now));
  to_ramp(b);
  for (const auto& t : old) b.record(t.generation, bad, now);
  EXPECT_EQ(b.shown(), ramp);
  EXPECT_EQ(b.snapshot(now).calls, 0U);
}

TEST_F(BreakerCore, the_monitor_owns_a_host_that_is_down) {
  auto b = make();
  call(b, bad, 5);
  b.host_down(now);
  EXPECT_EQ(b.shown(), host_down);
  for (int i = 0; i < 100; ++i) {
    const auto t = b.acquire(now);
    EXPECT_TRUE(t.admitted) << "the pool tells the real cause";
    EXPECT_FALSE(t.counted);
  }
  now += 1h;
  EXPECT_TRUE(b.passes_all());
  b.host_up(now);
  EXPECT_EQ(b.shown(), closed)
      << "no timed open period, no probes; the pool's slow start is the ramp";
  EXPECT_TRUE(b.acquire(now).admitted);
  EXPECT_TRUE(b.acquire(now).admitted);
  EXPECT_EQ(b.snapshot(now).calls, 0U);
}

TEST_F(BreakerCore, host_up_shortens_an_open_period_and_means_nothing_while_closed) {
  auto b = make();
  b.host_up(now);
  EXPECT_EQ(b.shown(), closed);
  open(b);
  b.host_up(now);
  EXPECT_EQ(b.shown(), ramp);
}

TEST_F(BreakerCore, forced_modes) {
  auto b = make();
  b.set_mode(mode::forced_open, now);
  EXPECT_FALSE(b.acquire(now).admitted);
  now += 24h;
  EXPECT_FALSE(b.acquire(now).admitted) << "no time heals it";
  b.host_up(now);
  EXPECT_FALSE(b.acquire(now).admitted);
  for (const auto m : {mode::forced_closed, mode::disabled}) {
    b.set_mode(m, now);
    call(b, bad, 100);
    EXPECT_EQ(b.shown(), closed);
  }
  b.set_mode(mode::automatic, now);
  EXPECT_EQ(b.snapshot(now).calls, 0U);
  open(b);
  EXPECT_EQ(seen, (std::vector{breaker_state::open, closed, breaker_state::open}));
}

TEST_F(BreakerCore, given_back_to_itself_once_more_an_open_breaker_closes) {
  auto b = make();
  open(b);
  b.set_mode(mode::automatic, now);
  EXPECT_EQ(b.shown(), closed);
  EXPECT_EQ(b.snapshot(now).calls, 0U);
  EXPECT_TRUE(b.acquire(now).admitted);
}

TEST_F(BreakerCore, metrics_only_reports_but_never_refuses) {
  options.start_as = mode::metrics_only;
  auto b = make();
  open(b);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(b.acquire(now).admitted);
  EXPECT_EQ(seen, (std::vector{breaker_state::open}));
}

bool legal(breaker_state from, breaker_state to) {
  static const std::map<breaker_state, std::set<breaker_state>> moves{
      {closed, {breaker_state::open, host_down}},
      {breaker_state::open, {half_open, ramp, host_down}},
      {half_open, {ramp, breaker_state::open, host_down}},
      {ramp, {closed, breaker_state::open, host_down}},
      {host_down, {closed}}};
  return moves.at(from).contains(to);
}

// Whatever happens: only legal moves, and once all is well again, closed within bounded time.
TEST(BreakerProperty, legal_moves_and_no_wedge) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::mt19937_64 random{seed};
    breaker_options options;
    options.window_calls = 10 + static_cast<std::uint32_t>(random() % 30);
    options.half_open_probes = 1 + static_cast<std::uint32_t>(random() % 4);
    if (random() % 2 == 0) options.window = breaker_options::window_kind::time;
    breaker_core b{options, seed, [&](breaker_state from, breaker_state to, time_point) {
                     ASSERT_TRUE(legal(from, to))
                         << to_string(from) << " to " << to_string(to) << ", seed " << seed;
                   }};
    time_point now{1h};
    std::vector<breaker_ticket> out;
    double failing = 0;
    for (int i = 0; i < 3000; ++i) {
      now += std::chrono::milliseconds{random() % 300};
      if (random() % 200 == 0) failing = static_cast<double>(random() % 11) / 10;
      if (random() % 300 == 0) b.host_down(now);
      if (random() % 100 == 0) b.host_up(now);
      const auto t = b.acquire(now);
      if (t.counted) out.push_back(t);
      while (out.size() > random() % 8) {
        const std::size_t pick = random() % out.size();
        const auto ended = out[pick];
        out.erase(out.begin() + static_cast<std::ptrdiff_t>(pick));
        const bool failed = static_cast<double>(random() % 1000) / 1000 < failing;
        if (random() % 10 == 0) {
          if (ended.probe) b.abandon(ended.generation);
        } else if (random() % 20 != 0) { // else it never comes back
          b.record(ended.generation, {failed, false}, now);
        }
      }
    }
    b.host_up(now);
    for (int i = 0; i < 4000 && b.shown() != closed; ++i) {
      now += 100ms;
      const auto t = b.acquire(now);
      if (t.counted) b.record(t.generation, good, now);
    }
    ASSERT_EQ(b.shown(), closed) << "wedged, seed " << seed;
  }
}

} // namespace
} // namespace holdfast::detail
