#include "resilience/breaker_window.hpp"

#include <deque>
#include <gtest/gtest.h>
#include <random>

namespace holdfast::detail {
namespace {

breaker_options of_calls(std::uint32_t n) {
  breaker_options o;
  o.window_calls = n;
  return o;
}

breaker_options of_seconds(int n) {
  breaker_options o;
  o.window = breaker_options::window_kind::time;
  o.window_length = std::chrono::seconds{n};
  return o;
}

struct seen {
  outcome o;
  std::int64_t second;
};

window_totals recount(const std::deque<seen>& calls) {
  window_totals t;
  for (const seen& s : calls) {
    ++t.calls;
    t.failures += s.o.failed ? 1U : 0U;
    t.slow += s.o.slow ? 1U : 0U;
  }
  return t;
}

void expect_same(const window_totals& a, const window_totals& b, unsigned seed) {
  ASSERT_EQ(a.calls, b.calls) << seed;
  ASSERT_EQ(a.failures, b.failures) << seed;
  ASSERT_EQ(a.slow, b.slow) << seed;
}

TEST(BreakerWindow, property_count_window_is_the_last_n_calls) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random{seed};
    const auto n = static_cast<std::uint32_t>(1 + random() % 20);
    breaker_window w{of_calls(n)};
    std::deque<seen> naive;
    for (int i = 0; i < 500; ++i) {
      if (random() % 4 == 0) {
        const auto many = random() % 30;
        w.add_successes(many, 0);
        naive.insert(naive.end(), many, seen{{}, 0});
      } else {
        const outcome o{random() % 2 == 0, random() % 3 == 0};
        w.add(o, 0);
        naive.push_back({o, 0});
      }
      while (naive.size() > n) naive.pop_front();
      expect_same(w.totals(), recount(naive), seed);
    }
  }
}

TEST(BreakerWindow, property_time_window_is_the_last_n_seconds_also_after_idle) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random{seed};
    const auto n = static_cast<int>(1 + random() % 10);
    breaker_window w{of_seconds(n)};
    std::deque<seen> naive;
    std::int64_t second = 3600;
    for (int i = 0; i < 500; ++i) {
      if (random() % 5 == 0) second += static_cast<std::int64_t>(random() % 4);
      if (random() % 40 == 0) second += static_cast<std::int64_t>(random() % 1000);
      const outcome o{random() % 2 == 0, random() % 3 == 0};
      w.add(o, second);
      naive.push_back({o, second});
      while (naive.front().second <= second - n) naive.pop_front();
      expect_same(w.totals(), recount(naive), seed);
    }
    w.advance(second + n);
    EXPECT_EQ(w.totals().calls, 0U);
  }
}

TEST(BreakerWindow, idle_for_a_year_costs_one_round_only) {
  breaker_window w{of_seconds(60)};
  w.add({true, false}, 10);
  w.advance(1'000'000'000'000);
  EXPECT_EQ(w.totals().calls, 0U);
}

TEST(BreakerWindow, time_that_goes_backwards_counts_as_now) {
  breaker_window w{of_seconds(3)};
  w.add({true, false}, 10);
  w.add({true, false}, 8);
  w.advance(12);
  EXPECT_EQ(w.totals().calls, 2U);
  w.advance(13);
  EXPECT_EQ(w.totals().calls, 0U);
}

TEST(BreakerWindow, clear_forgets_all) {
  for (const auto& o : {of_calls(4), of_seconds(4)}) {
    breaker_window w{o};
    for (int i = 0; i < 6; ++i) w.add({true, true}, 5);
    w.clear();
    EXPECT_EQ(w.totals().calls, 0U);
    for (int i = 0; i < 6; ++i) w.add({}, 5);
    EXPECT_EQ(w.totals().failures, 0U);
    EXPECT_EQ(w.totals().slow, 0U);
  }
}

} // namespace
} // namespace holdfast::detail
