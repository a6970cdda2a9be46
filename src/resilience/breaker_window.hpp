// The outcomes that a breaker looks at: the last N calls, or the last N seconds. Pure; one thread.
#pragma once

#include <holdfast/resilience_options.hpp>

#include <cstdint>
#include <vector>

namespace holdfast::detail {

struct outcome {
  bool failed = false;
  bool slow = false;
};

struct window_totals {
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  std::uint64_t slow = 0;

  [[nodiscard]] double failure_rate() const noexcept { return share(failures); }
  [[nodiscard]] double slow_rate() const noexcept { return share(slow); }

private:
  [[nodiscard]] double share(std::uint64_t part) const noexcept {
    return calls == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(calls);
  }
};

/// Seconds since the clock's epoch: the number of a time bucket.
[[nodiscard]] constexpr std::int64_t second_of(time_point t) noexcept {
  return t.time_since_epoch().count() / 1'000'000'000;
}

/// All memory is taken at construction.
class breaker_window {
public:
  explicit breaker_window(const breaker_options& options);

  void add(outcome o, std::int64_t second) noexcept;
  /// The same as so many quick successes, one by one.
  void add_successes(std::uint64_t count, std::int64_t second) noexcept;

  /// Forgets what is too old: O(1) a second passed, O(window) at most after any idle time. Time
  /// that goes backwards counts as now.
  void advance(std::int64_t second) noexcept;
  void clear() noexcept;

  [[nodiscard]] const window_totals& totals() const noexcept { return totals_; }
  [[nodiscard]] bool by_time() const noexcept { return by_time_; }

private:
  void push(outcome o) noexcept;
  [[nodiscard]] window_totals& bucket_of(std::int64_t second) noexcept;

  bool by_time_;
  window_totals totals_;
  // Count window: a ring of outcomes, `next_` the oldest once it is full.
  std::vector<outcome> ring_;
  std::size_t next_ = 0;
  // Time window: one bucket a second, `latest_` the newest second seen.
  std::vector<window_totals> buckets_;
  std::int64_t latest_ = 0;
};

} // namespace holdfast::detail
