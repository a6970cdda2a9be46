#include "database/threshold_watch.hpp"

#include <algorithm>

namespace holdfast::detail {

namespace {

double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

} // namespace

void threshold_watch::judge(std::size_t which, event_reason reason, double value,
                            std::optional<double> limit, double well_below,
                            std::vector<threshold_change>& out) {
  bool& over = crossed_[which];
  if (!limit) return;
  if (!over && value >= *limit)
    out.push_back({event_kind::threshold_crossed, reason, value});
  else if (over && value < *limit * well_below)
    out.push_back({event_kind::threshold_cleared, reason, value});
  else
    return;
  over = !over;
}

std::vector<threshold_change> threshold_watch::add(const health_sample& s) {
  std::vector<threshold_change> changes;
  failures_ = s.failed ? failures_ + 1 : 0;
  const auto most_failures = options_.failure_threshold
                                 ? std::optional<double>{*options_.failure_threshold}
                                 : std::nullopt;
  judge(0, event_reason::failures, failures_, most_failures, 1e-9, changes);
  if (!s.failed) {
    const auto slowest = options_.latency_threshold
                             ? std::optional<double>{seconds(*options_.latency_threshold)}
                             : std::nullopt;
    judge(1, event_reason::latency, seconds(s.latency), slowest, 0.9, changes);
  }
  judge(2, event_reason::utilisation, s.utilisation, options_.utilisation_threshold, 0.9, changes);
  return changes;
}

bool threshold_watch::crossed() const noexcept {
  return std::ranges::any_of(crossed_, [](bool over) { return over; });
}

} // namespace holdfast::detail
