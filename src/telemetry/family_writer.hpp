// Turns what one host has counted into the metrics of one family.
#pragma once

#include "telemetry/host_counters.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <optional>
#include <prometheus/metric_family.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::detail {

using labels = std::vector<prometheus::ClientMetric::Label>;

// All that one host has to tell, read once.
struct reading {
  /// `copy`: 2 for the second host of this name, and so on; keeps the series apart.
  reading(const host_counters& source, std::size_t copy)
      : cold{source.cold()}, hot{source.hot()}, pool{source.pool()}, budget{source.budget()},
        has_host{!source.host().empty()} {
    identity.push_back({"database", source.database()});
    if (has_host) identity.push_back({"host", source.host()});
    if (copy > 1) identity.push_back({"copy", std::to_string(copy)});
  }
  [[nodiscard]] double kind(event_kind k) const {
    return static_cast<double>(read(cold.by_kind[static_cast<std::size_t>(k)]));
  }
  const cold_counters& cold;
  hot_total hot;
  std::optional<gauge_readings> pool;
  std::optional<double> budget;
  bool has_host;
  labels identity;
};

// Collects the metrics of one family. A sparse one leaves out what never happened.
class family_writer {
public:
  family_writer(prometheus::MetricFamily& into, const labels& identity, bool sparse)
      : into_{into}, identity_{identity}, sparse_{sparse} {}

  void value(double v) { add_value(v, identity_); }
  void value(double v, std::string_view label, std::string_view label_value) {
    add_value(v, with(label, label_value));
  }
  void times(const histogram_total& total) { add_times(total, identity_); }
  void times(const histogram_total& total, std::string_view label, std::string_view label_value) {
    add_times(total, with(label, label_value));
  }
  void by_reason(const std::array<counter, event_reason_count>& counters, std::string_view label,
                 std::initializer_list<event_reason> expected) {
    for (std::size_t i = 0; i < counters.size(); ++i) {
      const auto reason = static_cast<event_reason>(i);
      const auto n = read(counters[i]);
      const bool listed = std::ranges::find(expected, reason) != expected.end();
      if (listed || n > 0) value(static_cast<double>(n), label, to_string(reason));
    }
  }
  // Some sixty codes: only those that occurred.
  void by_code(const std::array<counter, errc_count>& counters) {
    for (std::size_t i = 0; i < counters.size(); ++i) {
      const auto n = read(counters[i]);
      if (n > 0) value(static_cast<double>(n), "error_type", to_string(static_cast<errc>(i)));
    }
  }

private:
  [[nodiscard]] labels with(std::string_view label, std::string_view value) const {
    auto all = identity_;
    all.push_back({std::string{label}, std::string{value}});
    return all;
  }

  void add_value(double v, labels l) {
    if (sparse_ && v == 0 && into_.type == prometheus::MetricType::Counter) return;
    prometheus::ClientMetric metric;
    metric.label = std::move(l);
    (into_.type == prometheus::MetricType::Gauge ? metric.gauge.value : metric.counter.value) = v;
    into_.metric.push_back(std::move(metric));
  }

  void add_times(const histogram_total& total, labels l) {
    prometheus::ClientMetric metric;
    metric.label = std::move(l);
    auto& h = metric.histogram;
    for (std::size_t i = 0; i < bucket_count; ++i) {
      h.sample_count += total.buckets[i];
      const auto bound = i < time_bounds.size() ? static_cast<double>(time_bounds[i]) / 1e9
                                                : std::numeric_limits<double>::infinity();
      h.bucket.push_back({h.sample_count, bound});
    }
    if (sparse_ && h.sample_count == 0) return;
    h.sample_sum = static_cast<double>(total.nanoseconds) / 1e9;
    into_.metric.push_back(std::move(metric));
  }

  prometheus::MetricFamily& into_;
  const labels& identity_;
  bool sparse_;
};

} // namespace holdfast::detail
