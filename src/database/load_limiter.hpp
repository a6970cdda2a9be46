// Lowers how many leases a pool may have out while the server is overloaded. It has no queue: the
// pool's queue is the one queue.
#pragma once

#include <holdfast/concurrency_limiter.hpp>
#include <holdfast/median_estimate.hpp>
#include <holdfast/runtime.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

namespace holdfast::detail {

/// Thread-safe. Switched off, it costs one branch per attempt and never touches the pool.
class load_limiter {
public:
  class sample;
  using apply_limit = std::function<void(std::uint32_t)>;

  /// `apply` is told each new limit, one at a time and in order; the first at once.
  load_limiter(limiter_options options, std::uint32_t max_size, apply_limit apply);

  /// From here to its end one lease is in use. Must not outlive the limiter.
  [[nodiscard]] sample begin(runtime& rt) noexcept;

private:
  void ended(duration took, const error* failure, std::uint32_t in_use) noexcept;
  [[nodiscard]] bool means_load(const error& e, duration took) const noexcept;
  void adjust() noexcept;

  const double tolerance_;
  concurrency_limiter limiter_;
  median_estimate usual_; // of successes
  const apply_limit apply_;
  std::atomic<std::uint32_t> in_use_{0};
  std::atomic<std::uint32_t> applied_{0}; // written under the mutex
  std::mutex mutex_;                      // makes limits arrive in order
};

/// One attempt with a lease. Destroyed unreported, it teaches nothing.
class [[nodiscard]] load_limiter::sample {
public:
  sample(sample&& other) noexcept
      : owner_{std::exchange(other.owner_, nullptr)}, began_{other.began_}, in_use_{other.in_use_} {
  }
  sample& operator=(sample&&) = delete;
  ~sample() {
    if (owner_) owner_->in_use_.fetch_sub(1, std::memory_order_relaxed);
  }

  /// `failure` is null on success. A success tells how long the server takes; of failures only an
  /// overload and a timeout mean load. Conflicts and constraints mean neither.
  void ended(runtime& rt, const error* failure) noexcept;

private:
  friend class load_limiter;
  sample(load_limiter* owner, time_point began, std::uint32_t in_use) noexcept
      : owner_{owner}, began_{began}, in_use_{in_use} {}

  load_limiter* owner_; // null: switched off
  time_point began_;
  std::uint32_t in_use_;
};

inline load_limiter::sample load_limiter::begin(runtime& rt) noexcept {
  if (!limiter_.enabled()) return {nullptr, {}, 0};
  return {this, rt.now(), in_use_.fetch_add(1, std::memory_order_relaxed) + 1};
}

} // namespace holdfast::detail
