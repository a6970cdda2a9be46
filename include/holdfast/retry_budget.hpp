#pragma once

#include <holdfast/resilience_options.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>

namespace holdfast {

/// How much retrying one database may cause: a token bucket that successes fill and retries empty,
/// so that in a full outage attempts stay near the number of calls. Starts full. It does not
/// know time: an idle bucket stays as it is.
///
/// Threads: all members are safe to call concurrently; lock-free. A full bucket is only read, so
/// that successes on many threads do not fight over it.
class retry_budget {
public:
  explicit retry_budget(const retry_budget_options& options = {}) noexcept
      : capacity_{units(options.capacity)}, deposit_{units(options.deposit_per_success)},
        balance_{capacity_} {}
  retry_budget(const retry_budget&) = delete;
  retry_budget& operator=(const retry_budget&) = delete;

  /// After each success.
  void deposit() noexcept {
    auto held = balance_.load(std::memory_order_relaxed);
    while (held < capacity_) {
      const auto next = std::min(capacity_, held + deposit_);
      if (balance_.compare_exchange_weak(held, next, std::memory_order_relaxed)) return;
    }
  }

  /// Takes `cost` tokens, or nothing and false. A cost of zero or less is always granted.
  [[nodiscard]] bool try_spend(double cost) noexcept {
    const auto price = units(cost);
    if (price <= 0) return true;
    auto held = balance_.load(std::memory_order_relaxed);
    while (held >= price)
      if (balance_.compare_exchange_weak(held, held - price, std::memory_order_relaxed))
        return true;
    return false;
  }

  /// Full again, as at the start.
  void refill() noexcept { balance_.store(capacity_, std::memory_order_relaxed); }

  [[nodiscard]] double balance() const noexcept {
    return static_cast<double>(balance_.load(std::memory_order_relaxed)) / scale;
  }
  [[nodiscard]] double capacity() const noexcept { return static_cast<double>(capacity_) / scale; }

private:
  static constexpr double scale = 1e6; // whole numbers, so that no sum of deposits drifts
  static std::int64_t units(double tokens) noexcept {
    return std::llround(std::clamp(tokens, 0.0, 1e9) * scale);
  }

  const std::int64_t capacity_;
  const std::int64_t deposit_;
  std::atomic<std::int64_t> balance_;
};

} // namespace holdfast
