#include "database/threshold_watch.hpp"

#include <gtest/gtest.h>

namespace holdfast::detail {
namespace {

using namespace std::chrono_literals;

health_options limits() {
  health_options o;
  o.latency_threshold = 1s;
  o.failure_threshold = 3;
  o.utilisation_threshold = 0.9;
  return o;
}

using story = std::vector<std::pair<event_kind, event_reason>>;

story told(threshold_watch& watch, const health_sample& sample) {
  story out;
  for (const auto& change : watch.add(sample)) out.emplace_back(change.kind, change.reason);
  return out;
}

const story nothing{};
constexpr auto crossed = event_kind::threshold_crossed;
constexpr auto cleared = event_kind::threshold_cleared;

TEST(threshold_watch, failures_count_in_a_row_and_one_success_clears_them) {
  const auto options = limits();
  threshold_watch watch{options};
  const health_sample failed{.failed = true};
  EXPECT_EQ(told(watch, failed), nothing);
  EXPECT_EQ(told(watch, failed), nothing);
  EXPECT_EQ(told(watch, {}), nothing); // the row is broken
  EXPECT_EQ(told(watch, failed), nothing);
  EXPECT_EQ(told(watch, failed), nothing);
  EXPECT_EQ(told(watch, failed), (story{{crossed, event_reason::failures}}));
  EXPECT_TRUE(watch.crossed());
  EXPECT_EQ(told(watch, failed), nothing); // told once
  EXPECT_EQ(told(watch, {}), (story{{cleared, event_reason::failures}}));
  EXPECT_FALSE(watch.crossed());
}

TEST(threshold_watch, a_value_at_the_line_does_not_flap) {
  const auto options = limits();
  threshold_watch watch{options};
  EXPECT_EQ(told(watch, {.latency = 999ms}), nothing);
  EXPECT_EQ(told(watch, {.latency = 1s}), (story{{crossed, event_reason::latency}}));
  EXPECT_EQ(told(watch, {.latency = 950ms}), nothing);
  EXPECT_EQ(told(watch, {.latency = 1s}), nothing);
  EXPECT_EQ(told(watch, {.latency = 899ms}), (story{{cleared, event_reason::latency}}));
  EXPECT_EQ(told(watch, {.latency = 950ms}), nothing);
}

TEST(threshold_watch, a_failed_check_says_nothing_of_latency) {
  const auto options = limits();
  threshold_watch watch{options};
  EXPECT_EQ(told(watch, {.latency = 2s}), (story{{crossed, event_reason::latency}}));
  EXPECT_EQ(told(watch, {.failed = true}), nothing);
  EXPECT_TRUE(watch.crossed());
}

TEST(threshold_watch, the_figure_goes_with_the_change) {
  const auto options = limits();
  threshold_watch watch{options};
  const auto changes = watch.add({.latency = 1500ms, .utilisation = 0.95});
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_DOUBLE_EQ(changes[0].value, 1.5);
  EXPECT_EQ(changes[1].reason, event_reason::utilisation);
  EXPECT_DOUBLE_EQ(changes[1].value, 0.95);
}

TEST(threshold_watch, an_empty_threshold_watches_nothing) {
  health_options options;
  options.latency_threshold.reset();
  options.failure_threshold.reset();
  options.utilisation_threshold.reset();
  threshold_watch watch{options};
  EXPECT_EQ(told(watch, {.latency = 1h, .utilisation = 1}), nothing);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(told(watch, {.failed = true}), nothing);
  EXPECT_FALSE(watch.crossed());
}

} // namespace
} // namespace holdfast::detail
