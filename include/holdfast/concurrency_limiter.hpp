#pragma once

#include <holdfast/error.hpp>
#include <holdfast/resilience_options.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace holdfast {

/// Learns how many operations the server takes at once before they slow each other down: the limit
/// grows by one while it is used and latency stays near its long-term median, and shrinks by a
/// share on congestion or timeouts. Begins at a quarter of the ceiling. Never below `floor`, never
/// above `ceiling`. It has no queue.
///
/// Use it by permits, or let a pool read `limit()` and call `record`. Disabled, it refuses nothing
/// and its limit is the ceiling.
///
/// Threads: all members are safe to call concurrently. Lifetime: must outlive its permits.
class concurrency_limiter {
public:
  class permit;

  /// Throws configuration_error with all violations.
  explicit concurrency_limiter(const limiter_options& options);
  ~concurrency_limiter();
  concurrency_limiter(const concurrency_limiter&) = delete;
  concurrency_limiter& operator=(const concurrency_limiter&) = delete;

  /// A place, or a false permit when `limit()` are taken.
  [[nodiscard]] permit try_acquire() noexcept;

  /// What a refused caller is told: admission_refused.
  [[nodiscard]] error refusal() const;

  /// How one operation went: `took` alone, not the wait before it; `in_use` with it included.
  /// Samples that collide on two threads may be skipped, timeouts never are.
  void record(duration took, bool timed_out, std::uint32_t in_use) noexcept;

  [[nodiscard]] std::uint32_t limit() const noexcept {
    return limit_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t in_use() const noexcept {
    return in_use_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool enabled() const noexcept { return enabled_; }

private:
  struct state;

  const bool enabled_;
  std::atomic<std::uint32_t> limit_;
  std::atomic<std::uint32_t> in_use_{0};
  std::unique_ptr<state> state_;
};

/// One place in use. Destroyed unreported, it is given back and teaches nothing.
class [[nodiscard]] concurrency_limiter::permit {
public:
  permit() noexcept = default;
  permit(permit&& other) noexcept
      : owner_{std::exchange(other.owner_, nullptr)},
        admitted_{std::exchange(other.admitted_, false)} {}
  permit& operator=(permit&& other) noexcept {
    if (this != &other) {
      release();
      owner_ = std::exchange(other.owner_, nullptr);
      admitted_ = std::exchange(other.admitted_, false);
    }
    return *this;
  }
  ~permit() { release(); }

  explicit operator bool() const noexcept { return admitted_; }

  void ended(duration took, bool timed_out) noexcept {
    if (!owner_) return;
    owner_->record(took, timed_out, owner_->in_use());
    release();
  }

private:
  friend class concurrency_limiter;
  explicit permit(concurrency_limiter* owner) noexcept : owner_{owner}, admitted_{true} {}

  void release() noexcept {
    if (owner_) std::exchange(owner_, nullptr)->in_use_.fetch_sub(1, std::memory_order_relaxed);
  }

  concurrency_limiter* owner_ = nullptr; // null: refused, disabled, or given back
  bool admitted_ = false;
};

inline concurrency_limiter::permit concurrency_limiter::try_acquire() noexcept {
  if (!enabled_) {
    permit free_of_charge;
    free_of_charge.admitted_ = true;
    return free_of_charge;
  }
  auto used = in_use_.load(std::memory_order_relaxed);
  while (used < limit())
    if (in_use_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed))
      return permit{this};
  return {};
}

} // namespace holdfast
