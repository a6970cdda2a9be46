#include "unit/telemetry/support.hpp"

#include <holdfast/event_history.hpp>

namespace holdfast::test {
namespace {

std::shared_ptr<event_history> make_history(event_history_options options = {}) {
  return event_history::create(options).value();
}

void happens(event_history& history, event_kind kind, duration when, std::string_view host = "a",
             event_reason reason = event_reason::none, const error* failure = nullptr) {
  auto e = make_event(kind, when);
  e.host = host;
  e.reason = reason;
  e.failure = failure;
  history.on_event(e);
}

TEST(event_history, tells_the_last_hour_by_kind_and_host) {
  using enum event_kind;
  const auto history = make_history();
  const auto lost = make_error(errc::connection_lost, "");
  for (int minute = 0; minute < 30; ++minute) {
    happens(*history, connection_closed, minute * 1min, "a", event_reason::idle);
    happens(*history, connection_closed, minute * 1min + 5s, "a", event_reason::error, &lost);
    happens(*history, connection_closed, minute * 1min + 6s, "a", event_reason::error, &lost);
    happens(*history, connection_closed, minute * 1min, "b", event_reason::idle);
  }
  happens(*history, host_down, 29min, "b");
  const auto hour = history->last_hour(at(30min));
  EXPECT_EQ(hour.total, 121U);
  EXPECT_EQ(hour.count(connection_closed), 120U);
  EXPECT_EQ(hour.count(connection_closed, "a"), 90U);
  EXPECT_EQ(hour.count(connection_closed, "b"), 30U);
  EXPECT_EQ(hour.count(host_down, "b"), 1U);
  EXPECT_EQ(hour.count(host_down, "a"), 0U);
  ASSERT_EQ(hour.rows.size(), 3U);
  const auto& row = hour.rows[0];
  EXPECT_EQ(row.first, at(0s));
  EXPECT_EQ(row.last, at(29min + 6s));
  ASSERT_EQ(row.causes.size(), 2U);
  EXPECT_EQ(row.causes[0].reason, event_reason::error);
  EXPECT_EQ(row.causes[0].code, errc::connection_lost);
  EXPECT_EQ(row.causes[0].count, 60U);
  EXPECT_EQ(row.causes[1].reason, event_reason::idle);
  EXPECT_EQ(row.causes[1].count, 30U);
}

TEST(event_history, forgets_what_is_older) {
  const auto history = make_history();
  happens(*history, event_kind::host_down, 0s);
  EXPECT_EQ(history->last_hour(at(60min)).total, 1U); // just within the hour
  EXPECT_EQ(history->last_hour(at(61min)).total, 0U);
  for (int minute = 0; minute < 600; ++minute)
    happens(*history, event_kind::host_down, minute * 1min);
  EXPECT_EQ(history->last_hour(at(599min)).total, 61U); // whole buckets, the oldest one included
  EXPECT_EQ(history->last(5min, at(599min)).total, 6U);
  EXPECT_EQ(history->last(24h, at(599min)).total, 61U);
  EXPECT_EQ(history->last_hour(at(599min)).from, at(539min));
}

TEST(event_history, a_pause_of_many_rounds_leaves_nothing_old_behind) {
  const auto history = make_history();
  for (int minute = 0; minute < 60; ++minute)
    happens(*history, event_kind::host_down, minute * 1min);
  happens(*history, event_kind::host_up, 1000h);
  const auto hour = history->last_hour(at(1000h));
  EXPECT_EQ(hour.total, 1U);
  EXPECT_EQ(hour.count(event_kind::host_up), 1U);
}

TEST(event_history, takes_late_events_and_drops_those_beyond_the_ring) {
  const auto history = make_history();
  happens(*history, event_kind::host_up, 120min);
  happens(*history, event_kind::host_up, 119min);
  happens(*history, event_kind::host_up, 120min - 61min); // its bucket is taken by a newer minute
  EXPECT_EQ(history->last_hour(at(120min)).total, 2U);
}

TEST(event_history, does_not_tell_the_future) {
  const auto history = make_history();
  happens(*history, event_kind::host_up, 10min);
  EXPECT_EQ(history->last_hour(at(5min)).total, 0U);
}

TEST(event_history, bounds_its_memory) {
  const auto history = make_history({1min, 60, 10});
  for (int n = 0; n < 5000; ++n)
    happens(*history, event_kind::host_down, 0s, "host" + std::to_string(n));
  const auto hour = history->last_hour(at(0s));
  EXPECT_EQ(hour.total, 5000U);
  EXPECT_EQ(hour.rows.size(), 11U);
  EXPECT_EQ(hour.count(event_kind::host_down, "(other)"), 4990U);
}

TEST(event_history, leaves_high_volume_to_metrics) {
  const auto history = make_history();
  EXPECT_FALSE(history->interests().contains(event_kind::acquired));
  happens(*history, event_kind::acquired, 0s);
  EXPECT_EQ(history->last_hour(at(0s)).total, 0U);
}

TEST(event_history, works_before_the_clocks_zero) {
  const auto history = make_history({1min, 3, 10});
  auto e = make_event(event_kind::host_up);
  for (int minute = -10; minute <= 10; ++minute) {
    e.at = time_point{minute * 1min};
    history->on_event(e);
    EXPECT_EQ(history->last(3min, e.at).total,
              static_cast<std::uint64_t>(std::min(minute + 11, 4)));
  }
}

TEST(event_history, hides_secrets_in_names) {
  const auto history = make_history();
  happens(*history, event_kind::host_up, 0s, "postgresql://app:cAnArY@h");
  EXPECT_EQ(history->last_hour(at(0s)).rows.at(0).host, "postgresql://app:***@h");
}

TEST(event_history_options, are_refused_all_at_once) {
  EXPECT_TRUE(validate(event_history_options{}).empty());
  EXPECT_EQ(validate(event_history_options{0s, 0, 0}).size(), 3U);
  const auto made = event_history::create({-1s, 60, 10});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::invalid_configuration);
}

} // namespace
} // namespace holdfast::test
