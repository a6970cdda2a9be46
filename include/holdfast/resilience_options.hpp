#pragma once

#include <holdfast/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// How a delay is spread. Jitter is applied after the cap, so that it does not die there.
enum class jitter : std::uint8_t {
  proportional, ///< d × U(0.5, 1.5)
  full,         ///< U(0, d)
  equal,        ///< d/2 + U(0, d/2)
  decorrelated, ///< U(base, 3 × previous), with a band at the cap
  none,
};

struct backoff_options {
  duration base = std::chrono::seconds{1};
  duration cap = std::chrono::seconds{30};
  double factor = 2.0;
  holdfast::jitter jitter = holdfast::jitter::proportional;
  /// The first retry waits nothing; `base` begins with the second.
  bool first_at_once = false;
};

/// One kind of error: how often to try again, and how long to wait before.
struct retry_policy {
  /// Retries after the first attempt; empty: until the deadline.
  std::optional<std::uint32_t> max_retries = 3;
  backoff_options backoff{};
  /// What one retry takes from the budget; 0 takes none.
  double budget_cost = 1.0;
};

enum class on_outage : std::uint8_t {
  wait, ///< wait for "host ready", at most as long as the connect policy's delays or the deadline
  fail_fast, ///< tell each caller the real cause at once
};

/// One policy a kind of error, one budget for all.
struct retry_options {
  retry_policy connect{3, {std::chrono::seconds{1}, std::chrono::seconds{30}}};
  /// Deadlock, serialization failure, lock wait: the server is healthy, so the budget is not asked.
  retry_policy conflict{10, {std::chrono::milliseconds{5}, std::chrono::milliseconds{500}}, 0.0};
  /// SQLite BUSY: another process holds the one write lock; polled until the deadline.
  retry_policy busy{
      std::nullopt, {std::chrono::milliseconds{1}, std::chrono::milliseconds{25}}, 0.0};
  retry_policy failover{std::nullopt, {std::chrono::milliseconds{50}, std::chrono::seconds{2}}};
  /// Costs more: what an overloaded server needs least is more load.
  retry_policy overload{3, {std::chrono::milliseconds{100}, std::chrono::seconds{10}}, 2.0};
  /// A statement on a broken connection, where sending it again is safe.
  retry_policy statement{
      2,
      {std::chrono::milliseconds{500}, std::chrono::seconds{5}, 2.0, jitter::proportional, true}};
  holdfast::on_outage on_outage = holdfast::on_outage::wait;
};

/// Token bucket shared by all retries of one database: each success deposits, each retry spends.
struct retry_budget_options {
  double capacity = 10.0;
  double deposit_per_success = 0.1;
};

struct breaker_options {
  enum class window_kind : std::uint8_t { count, time };
  enum class mode : std::uint8_t { automatic, forced_open, forced_closed, disabled, metrics_only };

  mode start_as = mode::automatic;
  window_kind window = window_kind::count;
  /// Calls in a count window.
  std::uint32_t window_calls = 100;
  /// Length of a time window, whole seconds.
  std::chrono::seconds window_length{60};
  /// Rates are not looked at below this many calls.
  std::uint32_t minimum_calls = 10;
  /// Opens at this share of failures, 0 < x ≤ 1.
  double failure_rate_threshold = 0.5;
  /// Opens at this share of slow calls, 0 < x ≤ 1.
  double slow_call_rate_threshold = 1.0;
  duration slow_call_after = std::chrono::seconds{10};
  /// Stays open this long, doubling up to `max_open_for`, with jitter.
  duration open_for = std::chrono::seconds{5};
  duration max_open_for = std::chrono::seconds{60};
  /// Calls admitted at once while half open.
  std::uint32_t half_open_probes = 3;
  /// After the probes succeeded, admission grows from 10 % to 100 % over this time; zero: at once.
  duration ramp = std::chrono::seconds{5};
};

struct limiter_options {
  bool enabled = false;
  std::uint32_t floor = 1;
  std::uint32_t ceiling = 20; ///< at most the pool's max_size
  /// Latency above this multiple of the long-term median counts as congestion; above 1.
  double tolerance = 2.0;
  /// What congestion multiplies the limit by, 0 < x < 1.
  double decrease = 0.9;
};

/// A second attempt of a read whose first takes unusually long. Only calls that ask for it have
/// one.
struct hedge_options {
  /// Never sooner than this after the first, however quick it usually is.
  duration floor = std::chrono::milliseconds{10};
  /// None before this many reads told what is usual.
  std::uint32_t minimum_samples = 20;
  /// What it takes from the retry budget.
  double budget_cost = 1.0;
};

/// All violations, each naming the option, what was given and what it takes; empty if there are
/// none. For options given in code; configuration files and URLs go through the option table.
[[nodiscard]] std::vector<std::string> validate(const retry_policy& options);
[[nodiscard]] std::vector<std::string> validate(const retry_options& options);
[[nodiscard]] std::vector<std::string> validate(const retry_budget_options& options);
[[nodiscard]] std::vector<std::string> validate(const breaker_options& options);
[[nodiscard]] std::vector<std::string> validate(const limiter_options& options);
[[nodiscard]] std::vector<std::string> validate(const hedge_options& options);

} // namespace holdfast
