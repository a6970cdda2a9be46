#include "telemetry/repeat_limiter.hpp"
#include "unit/telemetry/support.hpp"

namespace holdfast::detail {
namespace {

using test::at;
using namespace std::chrono_literals;

repeat_key key(std::string_view host, errc code = errc::connect_refused) {
  return {event_kind::attempt_failed, event_reason::none, code, log_level::warning, "shop", host};
}

TEST(repeat_limiter, writes_the_burst_then_ever_thinner_samples) {
  repeat_limiter limiter{{5, 10s}};
  std::vector<std::uint64_t> written;
  for (std::uint64_t n = 1; n <= 20'000; ++n) {
    const auto verdict = limiter.decide(at(0s), key("a"));
    if (!verdict.write) continue;
    written.push_back(n);
    EXPECT_EQ(verdict.repeats, n <= 5 ? 0 : n);
  }
  EXPECT_EQ(written, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 100, 1000, 10000}));
}

TEST(repeat_limiter, sums_up_when_the_window_ends) {
  repeat_limiter limiter{{5, 10s}};
  for (int n = 0; n < 50; ++n) (void)limiter.decide(at(n * 100ms), key("a"));
  EXPECT_FALSE(limiter.expiry_due(at(10s) - 1ns));
  EXPECT_TRUE(limiter.expiry_due(at(10s)));
  const auto ended = limiter.expire(at(10s));
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].suppressed, 45U);
  EXPECT_EQ(ended[0].window, 10s);
  EXPECT_EQ(ended[0].host, "a");
  EXPECT_EQ(ended[0].code, errc::connect_refused);
  EXPECT_EQ(limiter.keys(), 0U);
  EXPECT_FALSE(limiter.expiry_due(at(1h)));
}

TEST(repeat_limiter, gives_each_window_its_burst) {
  repeat_limiter limiter{{2, 10s}};
  for (int window = 0; window < 3; ++window) {
    const auto now = at(window * 10s);
    (void)limiter.expire(now);
    EXPECT_TRUE(limiter.decide(now, key("a")).write);
    EXPECT_TRUE(limiter.decide(now, key("a")).write);
    EXPECT_FALSE(limiter.decide(now, key("a")).write);
  }
}

TEST(repeat_limiter, does_not_mix_hosts_or_codes) {
  repeat_limiter limiter{{1, 10s}};
  EXPECT_TRUE(limiter.decide(at(0s), key("a")).write);
  EXPECT_TRUE(limiter.decide(at(0s), key("b")).write);
  EXPECT_TRUE(limiter.decide(at(0s), key("a", errc::connection_lost)).write);
  EXPECT_FALSE(limiter.decide(at(0s), key("a")).write);
}

TEST(repeat_limiter, says_nothing_of_a_window_that_held_nothing_back) {
  repeat_limiter limiter{{5, 10s}};
  (void)limiter.decide(at(0s), key("a"));
  EXPECT_TRUE(limiter.expire(at(10s)).empty());
}

TEST(repeat_limiter, finishes_with_what_is_held_back) {
  repeat_limiter limiter{{1, 10s}};
  for (int n = 0; n < 4; ++n) (void)limiter.decide(at(n * 1s), key("a"));
  const auto ended = limiter.finish();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].suppressed, 3U);
  EXPECT_EQ(ended[0].window, 3s);
  EXPECT_TRUE(limiter.finish().empty());
}

TEST(repeat_limiter, bounds_its_memory) {
  repeat_limiter limiter{{1, 10s, 10}};
  std::size_t written = 0;
  for (int n = 0; n < 1000; ++n)
    written += limiter.decide(at(0s), key("host" + std::to_string(n))).write ? 1 : 0;
  EXPECT_EQ(limiter.keys(), 11U); // ten hosts, and all others as one
  EXPECT_LE(written, 13U);
}

} // namespace
} // namespace holdfast::detail
