#include "telemetry/histogram.hpp"
#include "unit/telemetry/story.hpp"

#include <holdfast/metrics.hpp>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <regex>
#include <set>

namespace holdfast::test {
namespace {

bool holds(const std::string& text, const std::string& line) {
  return text.find(line + "\n") != std::string::npos;
}

TEST(metrics, read_as_prometheus_text) {
  const metrics all;
  const auto host = all.at("shop", "10.0.0.7:5432");
  const auto whole = all.at("shop", "");
  host->read_pool_with([] { return gauge_readings{3, 17, 1, 7, 5, 20, 18}; });
  whole->read_budget_with([] { return 8.5; });
  tell([&](const event& e) { host->on_event(e); });
  expect_golden("metrics.txt", all.text());
}

TEST(metrics, names_and_units_keep_to_the_conventions) {
  const metrics all;
  const auto host = all.at("shop", "h");
  host->read_pool_with([] { return gauge_readings{}; });
  host->read_budget_with([] { return 1.0; });
  tell([&](const event& e) { host->on_event(e); });
  const std::regex shape{"(db_client|holdfast)_[a-z_]+"};
  for (const auto& f : all.collectable()->Collect()) {
    EXPECT_TRUE(std::regex_match(f.name, shape)) << f.name;
    const bool counts = f.type == prometheus::MetricType::Counter;
    EXPECT_EQ(f.name.ends_with("_total"), counts) << f.name;
    const bool times = f.type == prometheus::MetricType::Histogram;
    EXPECT_EQ(f.name.ends_with("_seconds"), times) << f.name;
    EXPECT_FALSE(f.help.empty());
  }
}

TEST(metrics, series_are_unique) {
  const metrics one, two;
  const auto a = one.at("shop", "h");
  const auto b = two.at("shop", "h");
  for (const auto& host : {a, b}) {
    host->read_pool_with([] { return gauge_readings{1, 2, 3, 4, 5, 6}; });
    tell([&](const event& e) { host->on_event(e); });
  }
  const std::vector sources{one, two, one};
  std::istringstream text{prometheus_text(sources)};
  std::set<std::string> series;
  for (std::string line; std::getline(text, line);) {
    const auto name = line.starts_with("#") ? line : line.substr(0, line.rfind(' '));
    EXPECT_TRUE(series.insert(name).second) << line;
  }
  EXPECT_TRUE(series.contains("holdfast_retries_total{database=\"shop\",host=\"h\"}"));
  EXPECT_TRUE(series.contains("holdfast_retries_total{database=\"shop\",host=\"h\",copy=\"2\"}"));
}

TEST(metrics, one_handle_a_name_and_gone_with_its_last_holder) {
  const metrics all;
  auto host = all.at("shop", "h");
  EXPECT_EQ(all.at("shop", "h"), host);
  EXPECT_NE(all.at("shop", "i"), host);
  host->on_event(make_event(event_kind::leak_suspected));
  EXPECT_TRUE(holds(all.text(), "holdfast_leaks_suspected_total{database=\"shop\",host=\"h\"} 1"));
  host.reset();
  EXPECT_EQ(all.text(), "");
}

TEST(metrics, a_vanished_pool_has_no_gauges) {
  const metrics all;
  const auto host = all.at("shop", "h");
  auto pool = std::make_shared<gauge_readings>();
  host->read_pool_with([weak = std::weak_ptr{pool}]() -> std::optional<gauge_readings> {
    const auto alive = weak.lock();
    return alive ? std::optional{*alive} : std::nullopt;
  });
  EXPECT_NE(all.text().find("db_client_connection_count"), std::string::npos);
  pool.reset();
  EXPECT_EQ(all.text().find("db_client_connection_count"), std::string::npos);
  EXPECT_NE(all.text().find("db_client_connection_timeouts_total"), std::string::npos);
}

TEST(metrics, labels_are_masked_and_escaped) {
  const metrics all;
  const auto host = all.at("postgresql://app:cAnArY@h/db", "a\"b\nc\\d\xFF");
  EXPECT_EQ(all.text().find("cAnArY"), std::string::npos);
  EXPECT_TRUE(holds(all.text(), "holdfast_retries_total{database=\"postgresql://app:***@h/db\","
                                "host=\"a\\\"b\uFFFDc\\\\d\uFFFD\"} 0"))
      << all.text();
}

TEST(metrics, the_breaker_is_in_one_state) {
  const metrics all;
  const auto host = all.at("d", "h");
  const auto in = [&](const std::string& state) {
    return holds(all.text(), "holdfast_circuit_breaker_state{database=\"d\",host=\"h\",state=\"" +
                                 state + "\"} 1");
  };
  EXPECT_TRUE(in("closed"));
  host->on_event(make_event(event_kind::breaker_opened));
  EXPECT_TRUE(in("open") && !in("closed"));
  host->on_event(make_event(event_kind::breaker_half_opened));
  EXPECT_TRUE(in("half_open") && !in("open"));
  host->on_event(make_event(event_kind::breaker_closed));
  EXPECT_TRUE(in("closed") && !in("half_open"));
}

TEST(metrics, counts_errors_by_code) {
  const metrics all;
  const auto host = all.at("d", "h");
  const auto deadlock = make_error(errc::deadlock, "");
  auto e = make_event(event_kind::attempt_failed);
  e.failure = &deadlock;
  host->on_event(e);
  host->on_event(e);
  e.kind = event_kind::operation_ended;
  e.elapsed = 3s;
  host->on_event(e);
  const auto text = all.text();
  EXPECT_TRUE(holds(text, "holdfast_attempt_errors_total{database=\"d\",host=\"h\","
                          "error_type=\"deadlock\"} 2"));
  EXPECT_TRUE(holds(text, "holdfast_operation_errors_total{database=\"d\",host=\"h\","
                          "error_type=\"deadlock\"} 1"));
  EXPECT_TRUE(holds(text, "holdfast_attempts_total{database=\"d\",host=\"h\","
                          "outcome=\"success\"} 0"));
  EXPECT_TRUE(holds(text, "db_client_operation_duration_seconds_sum{database=\"d\",host=\"h\","
                          "outcome=\"failure\"} 3"));
}

TEST(metrics, an_impossible_value_does_no_harm) {
  const metrics all;
  const auto host = all.at("d", "h");
  auto e = make_event(static_cast<event_kind>(250));
  host->on_event(e);
  e.kind = event_kind::connection_closed;
  e.reason = static_cast<event_reason>(250);
  host->on_event(e);
  e.kind = event_kind::acquired;
  e.elapsed = -5s;
  host->on_event(e);
  EXPECT_TRUE(holds(all.text(), "db_client_connection_wait_time_seconds_sum{database=\"d\","
                                "host=\"h\"} 0"));
}

TEST(histogram, a_bound_belongs_to_its_bucket) {
  using detail::bucket_of;
  using detail::time_bounds;
  EXPECT_EQ(bucket_of(0), 0U);
  for (std::size_t i = 0; i < time_bounds.size(); ++i) {
    EXPECT_EQ(bucket_of(time_bounds[i]), i);
    EXPECT_EQ(bucket_of(time_bounds[i] + 1), i + 1);
  }
  EXPECT_EQ(bucket_of(~std::uint64_t{0}), time_bounds.size());
}

TEST(histogram, finds_the_bucket_that_a_search_would) {
  const auto searched = [](std::uint64_t ns) {
    const auto& bounds = detail::time_bounds;
    return static_cast<std::size_t>(std::ranges::lower_bound(bounds, ns) - bounds.begin());
  };
  for (std::uint64_t ns = 1; ns < 40'000'000'000; ns += ns / 7 + 1)
    ASSERT_EQ(detail::bucket_of(ns), searched(ns)) << ns;
}

} // namespace
} // namespace holdfast::test
