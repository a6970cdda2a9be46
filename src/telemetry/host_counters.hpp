// What one database on one host has counted. Knows nothing of Prometheus.
#pragma once

#include "telemetry/histogram.hpp"

#include <holdfast/event.hpp>
#include <holdfast/metrics.hpp>

#include <array>
#include <functional>
#include <mutex>
#include <optional>

namespace holdfast::detail {

inline constexpr std::size_t errc_count = static_cast<std::size_t>(errc::internal_error) + 1;

enum class breaker_position : std::uint8_t { closed, half_open, open };
inline constexpr std::size_t breaker_position_count = 3;

/// The hot counters: one set for each few threads, on cache lines of its own, so that threads do
/// not fight for a line. 64 bytes is the line of every machine that we know.
struct alignas(64) hot_counters {
  histogram wait;    // acquired
  histogram use;     // released
  histogram success; // operation_ended without failure; its count is that of successful attempts
  counter begun{0};
  counter committed{0};
};

struct hot_total {
  histogram_total wait, use, success;
  std::uint64_t begun = 0;
  std::uint64_t committed = 0;
};

/// The rest: rare enough to share a line.
struct cold_counters {
  histogram create;  // connection_ready
  histogram failure; // operation_ended with a failure
  std::array<counter, event_kind_count> by_kind{};
  std::array<counter, event_reason_count> closes{};
  std::array<counter, event_reason_count> acquire_failures{};
  std::array<counter, event_reason_count> declined{};
  std::array<counter, event_reason_count> outcomes{};
  std::array<counter, event_reason_count> thresholds{};
  std::array<counter, errc_count> attempt_errors{};
  std::array<counter, errc_count> operation_errors{};
  counter probes_succeeded{0};
  counter probes_failed{0};
  std::atomic<breaker_position> breaker{breaker_position::closed};
  std::atomic<bool> up{true};
  std::atomic<int> writer{-1}; // 1: writes go here; -1: never said, as there is only one host
};

class host_counters final : public host_metrics {
public:
  host_counters(std::string database, std::string host);

  void on_event(const event& e) noexcept override;
  [[nodiscard]] event_set interests() const noexcept override;
  void count(event_kind kind, duration elapsed) noexcept override;
  void read_pool_with(std::function<std::optional<gauge_readings>()> read) override;
  void read_budget_with(std::function<std::optional<double>()> read) override;

  [[nodiscard]] const std::string& database() const noexcept { return database_; }
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  [[nodiscard]] hot_total hot() const noexcept;
  [[nodiscard]] const cold_counters& cold() const noexcept { return cold_; }
  [[nodiscard]] std::optional<gauge_readings> pool() const;
  [[nodiscard]] std::optional<double> budget() const;

private:
  static constexpr std::size_t shard_count = 16;

  hot_counters& mine() noexcept;
  void count_rare(const event& e) noexcept;
  void count_failed_operation(const event& e) noexcept;
  void move_breaker(breaker_position to) noexcept;

  std::array<hot_counters, shard_count> shards_{};
  cold_counters cold_;
  std::string database_;
  std::string host_;
  mutable std::mutex mutex_; // guards the two functions, never held while they run
  std::function<std::optional<gauge_readings>()> read_pool_;
  std::function<std::optional<double>()> read_budget_;
};

} // namespace holdfast::detail
