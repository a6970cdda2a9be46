#include "resilience/limiter_core.hpp"

#include <holdfast/concurrency_limiter.hpp>
#include <holdfast/exceptions.hpp>

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using detail::limiter_core;

limiter_options of(std::uint32_t ceiling) {
  limiter_options o;
  o.enabled = true;
  o.ceiling = ceiling;
  return o;
}

void round(limiter_core& c, duration took, std::uint32_t in_use, bool timed_out = false) {
  for (int i = 0; i < 16; ++i) c.sample(took, timed_out && i == 0, in_use);
}

/// A limiter that has seen good times: at its ceiling, 10 ms is normal.
limiter_core grown(std::uint32_t ceiling) {
  limiter_core c{of(ceiling)};
  while (c.limit() < ceiling) round(c, 10ms, c.limit());
  return c;
}

TEST(Limiter, begins_at_a_quarter_and_grows_while_used) {
  limiter_core c{of(20)};
  EXPECT_EQ(c.limit(), 5U);
  round(c, 10ms, 5);
  EXPECT_EQ(c.limit(), 6U);
  round(c, 10ms, 2);
  EXPECT_EQ(c.limit(), 6U) << "an unused limit proves nothing";
}

TEST(Limiter, shrinks_on_congestion_and_recovers) {
  limiter_core c = grown(20);
  round(c, 19ms, 20);
  EXPECT_EQ(c.limit(), 20U) << "within the tolerance";
  round(c, 30ms, 20);
  EXPECT_EQ(c.limit(), 18U);
  round(c, 30ms, 18);
  EXPECT_EQ(c.limit(), 16U);
  round(c, 10ms, 16);
  EXPECT_EQ(c.limit(), 17U);
}

TEST(Limiter, a_timeout_shrinks_at_once_and_once_a_round) {
  limiter_core c = grown(20);
  c.sample(10ms, true, 20);
  EXPECT_EQ(c.limit(), 18U);
  for (int i = 0; i < 15; ++i) c.sample(10ms, true, 20);
  EXPECT_EQ(c.limit(), 18U);
}

TEST(Limiter, one_slow_call_is_noise) {
  limiter_core c = grown(20);
  c.sample(10s, false, 20);
  for (int i = 0; i < 15; ++i) c.sample(10ms, false, 20);
  EXPECT_EQ(c.limit(), 20U);
}

TEST(Limiter, a_slower_workload_becomes_normal_once_the_floor_proves_it) {
  limiter_core c = grown(20);
  for (int i = 0; i < 60; ++i) round(c, 50ms, c.limit());
  const auto low = c.limit();
  for (int i = 0; i < 120; ++i) round(c, 50ms, c.limit());
  EXPECT_LT(low, 20U);
  EXPECT_EQ(c.limit(), 20U);
}

TEST(Limiter, property_stays_within_floor_and_ceiling) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random{seed};
    auto o = of(1 + static_cast<std::uint32_t>(random() % 40));
    o.floor = 1 + static_cast<std::uint32_t>(random() % o.ceiling);
    limiter_core c{o};
    for (int i = 0; i < 5000; ++i) {
      c.sample(duration{static_cast<duration::rep>(random() % 100'000'000)}, random() % 50 == 0,
               static_cast<std::uint32_t>(random() % 50));
      ASSERT_GE(c.limit(), o.floor) << seed;
      ASSERT_LE(c.limit(), o.ceiling) << seed;
    }
  }
}

// A server that serves 6 at once at full speed and slows down in proportion beyond.
TEST(Limiter, finds_the_knee_of_a_saturating_server) {
  limiter_core c{of(40)};
  double sum = 0;
  for (int i = 0; i < 600; ++i) {
    const auto load = static_cast<double>(c.limit());
    round(c, std::chrono::microseconds{static_cast<int>(10'000 * std::max(1.0, load / 6))},
          c.limit());
    if (i >= 100) sum += load;
  }
  EXPECT_GT(sum / 500, 5);
  EXPECT_LT(sum / 500, 22);
}

TEST(Limiter, permits_are_bounded_and_given_back) {
  auto o = of(20);
  EXPECT_EQ(concurrency_limiter{o}.limit(), 5U);
  o.ceiling = o.floor = 2;
  concurrency_limiter l{o};
  {
    auto a = l.try_acquire();
    auto b = l.try_acquire();
    EXPECT_TRUE(a && b);
    EXPECT_FALSE(l.try_acquire());
    EXPECT_EQ(l.refusal().code, errc::admission_refused);
    a.ended(1ms, false);
    EXPECT_EQ(l.in_use(), 1U);
    auto c = l.try_acquire();
    EXPECT_TRUE(c);
    b = std::move(c);
    EXPECT_EQ(l.in_use(), 1U) << "b's own place was given back";
  }
  EXPECT_EQ(l.in_use(), 0U);
}

TEST(Limiter, disabled_refuses_nothing) {
  limiter_options o;
  o.ceiling = 1;
  concurrency_limiter l{o};
  auto a = l.try_acquire();
  auto b = l.try_acquire();
  EXPECT_TRUE(a && b);
  l.record(1h, true, 9);
  EXPECT_EQ(l.limit(), 1U);
}

TEST(Limiter, rejects_impossible_options) {
  auto o = of(4);
  o.floor = 5;
  o.decrease = 1;
  EXPECT_EQ(validate(o).size(), 2U);
  EXPECT_THROW(concurrency_limiter{o}, configuration_error);
}

} // namespace
} // namespace holdfast
