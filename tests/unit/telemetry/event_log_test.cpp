#include "telemetry/log_line.hpp"
#include "unit/telemetry/story.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace holdfast::test {
namespace {

log_options everything(log_format format) { return {format, log_level::trace, std::nullopt, 10s}; }

boost::json::object parse(const std::string& line) {
  boost::system::error_code failed;
  auto value = boost::json::parse(line, failed);
  EXPECT_FALSE(failed) << line;
  return failed ? boost::json::object{} : value.as_object();
}

event failing(duration when, const error& failure) {
  auto e = make_event(event_kind::attempt_failed, when);
  e.failure = &failure;
  return e;
}

TEST(event_log, reads_as_text) {
  captured_log log{everything(log_format::text)};
  tell([&](const event& e) { log.log().on_event(e); });
  expect_golden("log.txt", log.text());
}

TEST(event_log, reads_as_json) {
  captured_log log{everything(log_format::json)};
  tell([&](const event& e) { log.log().on_event(e); });
  expect_golden("log.json", log.text());
  ASSERT_EQ(log.lines().size(), story().size());
  for (const auto& line : log.lines()) EXPECT_TRUE(parse(line).contains("event"));
}

TEST(event_log, leaves_out_by_default_what_every_operation_does) {
  captured_log log{log_options{}};
  for (std::size_t i = 0; i < event_kind_count; ++i) {
    const auto kind = static_cast<event_kind>(i);
    if (!high_volume_events.contains(kind)) continue;
    EXPECT_FALSE(log.log().interests().contains(kind)) << to_string(kind);
    log.log().on_event(make_event(kind));
  }
  EXPECT_EQ(log.text(), "");
}

TEST(event_log, tells_by_default_of_alarms_and_of_their_end) {
  for (const auto kind :
       {event_kind::host_down, event_kind::host_up, event_kind::breaker_opened,
        event_kind::breaker_closed, event_kind::threshold_crossed, event_kind::threshold_cleared}) {
    captured_log log{log_options{}};
    log.log().on_event(make_event(kind));
    EXPECT_EQ(log.lines().size(), 1U) << to_string(kind);
  }
}

TEST(event_log, says_nothing_by_default_of_a_pools_healthy_life) {
  captured_log log{log_options{}};
  for (const auto kind : {event_kind::pool_created, event_kind::pool_ready,
                          event_kind::connection_created, event_kind::pool_closed})
    log.log().on_event(make_event(kind));
  EXPECT_EQ(log.text(), "");
}

TEST(event_log, wants_exactly_what_it_would_write) {
  for (const auto level : {log_level::trace, log_level::debug, log_level::info, log_level::warning,
                           log_level::error}) {
    captured_log log{{log_format::text, level, std::nullopt, 10s}};
    event_set written;
    tell([&](const event& e) {
      const auto before = log.text().size();
      log.log().on_event(e);
      if (log.text().size() > before) written = written | event_set{e.kind};
    });
    EXPECT_TRUE((written - log.log().interests()).empty()) << to_string(level);
  }
}

TEST(event_log, does_not_alarm_for_what_a_correct_program_meets_daily) {
  const auto conflict = make_error(errc::serialization_failure, "again");
  const auto down = make_error(errc::connect_refused, "refused");
  EXPECT_EQ(detail::level_of(failing(0s, conflict)), log_level::debug);
  EXPECT_EQ(detail::level_of(failing(0s, down)), log_level::error);
  auto closed = make_event(event_kind::connection_closed);
  closed.reason = event_reason::lifetime;
  EXPECT_EQ(detail::level_of(closed), log_level::debug);
  closed.reason = event_reason::error;
  EXPECT_EQ(detail::level_of(closed), log_level::warning);
  auto resolved = make_event(event_kind::outcome_resolved);
  resolved.reason = event_reason::unknown;
  EXPECT_EQ(detail::level_of(resolved), log_level::error);
}

TEST(event_log, a_storm_is_a_few_lines_and_a_count) {
  const auto refused = make_error(errc::connect_refused, "refused");
  captured_log log{log_options{}};
  for (int n = 0; n < 100'000; ++n) log.log().on_event(failing(n * 1us, refused));
  log.log().flush(at(9s));
  EXPECT_EQ(log.lines().size(), 9U); // 5, the 100th, 1,000th, 10,000th and 100,000th
  log.log().flush(at(10s));
  ASSERT_EQ(log.lines().size(), 10U);
  EXPECT_NE(log.lines().back().find("suppressed=99991 window_s=10 "
                                    "message=\"suppressed 99991 in 10 s\""),
            std::string::npos)
      << log.lines().back();
  EXPECT_NE(log.lines().back().find(" error attempt_failed "), std::string::npos);
}

TEST(event_log, the_next_line_brings_the_count_of_an_ended_window) {
  const auto refused = make_error(errc::connect_refused, "refused");
  captured_log log{{log_format::json, log_level::info, 2, 10s}};
  for (int n = 0; n < 7; ++n) log.log().on_event(failing(0s, refused));
  log.log().on_event(make_event(event_kind::host_up, 11s));
  ASSERT_EQ(log.lines().size(), 4U);
  const auto summary = parse(log.lines()[2]);
  EXPECT_EQ(summary.at("event"), "attempt_failed");
  EXPECT_EQ(summary.at("code"), "connect_refused");
  EXPECT_EQ(summary.at("database"), "shop");
  EXPECT_EQ(summary.at("suppressed"), 5);
  EXPECT_EQ(summary.at("message"), "suppressed 5 in 10 s");
  EXPECT_EQ(parse(log.lines()[3]).at("event"), "host_up");
}

TEST(event_log, writes_what_is_held_back_when_it_ends) {
  const auto refused = make_error(errc::connect_refused, "refused");
  captured_log log{{log_format::text, log_level::info, 1, 10s}};
  for (int n = 0; n < 4; ++n) log.log().on_event(failing(n * 500ms, refused));
  log.close();
  EXPECT_NE(log.text().find("suppressed 3 in 1.5 s"), std::string::npos) << log.text();
}

TEST(event_log, an_outage_of_many_hosts_stays_bounded_too) {
  const auto refused = make_error(errc::connect_refused, "refused");
  captured_log log{log_options{}};
  for (int n = 0; n < 100'000; ++n) {
    const auto host = "10.0." + std::to_string(n / 256) + "." + std::to_string(n % 256);
    auto e = failing(n * 1us, refused);
    e.host = host;
    log.log().on_event(e);
  }
  EXPECT_LE(log.lines().size(), 1'000U + 10U);
}

TEST(event_log, no_secret_gets_through) {
  const std::string canary = "cAnArY-7f3a";
  auto failure = lost_connection();
  failure.message = "cannot connect to postgresql://app:" + canary + "@h/db, password=" + canary;
  failure.native_message = "user said " + canary;
  failure.outcome_token = canary;
  auto pool = std::make_shared<pool_snapshot>();
  pool->last_connect_error = canary;
  failure.pool = pool;
  const auto url = "postgresql://app:" + canary + "@10.0.0.7/shop?password=" + canary;
  for (const auto format : {log_format::text, log_format::json}) {
    captured_log log{everything(format)};
    for (std::size_t i = 0; i < event_kind_count; ++i) {
      auto e = make_event(static_cast<event_kind>(i));
      e.database = e.host = e.operation = e.trace_id = url;
      e.failure = &failure;
      log.log().on_event(e);
    }
    EXPECT_EQ(log.lines().size(), event_kind_count);
    EXPECT_EQ(log.text().find(canary), std::string::npos) << log.text();
    EXPECT_NE(log.text().find("postgresql://app:***@10.0.0.7/shop"), std::string::npos);
  }
}

TEST(event_log, hostile_strings_stay_within_their_field) {
  const std::string hostile{"a\n2026-01-01 error fake=1 \"}\x1b[2J\xFF\\\0end", 39};
  auto failure = make_error(errc::server_error, hostile);
  failure.native_code = hostile;
  auto e = make_event(event_kind::attempt_failed);
  e.database = e.host = e.operation = e.trace_id = hostile;
  e.failure = &failure;

  captured_log json{everything(log_format::json)};
  json.log().on_event(e);
  ASSERT_EQ(json.lines().size(), 1U);
  const auto object = parse(json.lines()[0]);
  for (const auto* field : {"database", "host", "operation", "native_code", "message"}) {
    const std::string value{object.at(field).as_string()};
    EXPECT_TRUE(value.starts_with("a\n2026-01-01 error fake=1 \"}\x1b[2J\uFFFD\\")) << field;
  }

  captured_log text{everything(log_format::text)};
  text.log().on_event(e);
  ASSERT_EQ(text.lines().size(), 1U);
  const auto has_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  EXPECT_TRUE(std::ranges::none_of(text.lines()[0], has_control));
  EXPECT_NE(text.lines()[0].find(R"(host="a\n2026-01-01 error fake=1 \"}\u001b[2J)"),
            std::string::npos);
}

TEST(event_log, long_messages_are_cut) {
  const auto failure = make_error(errc::server_error, std::string(100'000, 'x'));
  for (const auto format : {log_format::text, log_format::json}) {
    captured_log log{everything(format)};
    log.log().on_event(failing(0s, failure));
    EXPECT_LT(log.text().size(), 3000U);
  }
}

TEST(event_log, takes_from_the_error_what_the_event_does_not_say) {
  auto failure = lost_connection();
  failure.where.database = "other";
  failure.where.operation = "transfer";
  failure.where.attempt = 3;
  failure.where.elapsed = 7ms;
  failure.where.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  captured_log log{everything(log_format::json)};
  log.log().on_event(failing(0s, failure));
  const auto object = parse(log.lines()[0]);
  EXPECT_EQ(object.at("database"), "shop");
  EXPECT_EQ(object.at("operation"), "transfer");
  EXPECT_EQ(object.at("attempt"), 3);
  EXPECT_EQ(object.at("elapsed_ms"), 7.0);
  EXPECT_EQ(object.at("trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(event_log, numbers_that_json_does_not_know_are_null) {
  auto e = make_event(event_kind::threshold_crossed);
  e.value = std::numeric_limits<double>::infinity();
  captured_log log{everything(log_format::json)};
  log.log().on_event(e);
  EXPECT_TRUE(parse(log.lines()[0]).at("value").is_null());
}

TEST(log_options, are_refused_all_at_once) {
  const log_options bad{log_format::text, log_level::info, 0, 0s};
  EXPECT_EQ(validate(bad).size(), 2U);
  EXPECT_TRUE(validate({}).empty());
  const auto made = event_log::create(nullptr, bad, nullptr);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::invalid_configuration);
  for (const auto* part : {"burst", "window", "logger", "clock"})
    EXPECT_NE(made.error().message.find(part), std::string::npos) << made.error().message;
}

} // namespace
} // namespace holdfast::test
