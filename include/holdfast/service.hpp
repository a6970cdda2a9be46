#pragma once

#include <holdfast/runtime.hpp>

#include <memory>

namespace holdfast {

namespace detail {
class blocking_pool;
}

/// One background thread that is an event loop: what may outlive a caller (connects, upkeep, health
/// checks, cancels) is spawned onto it, so that one slow connect never holds up another. Blocking
/// work that such tasks offload runs on a few worker threads that end when idle.
class service {
public:
  service();
  /// `stop()`.
  ~service();
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  /// The loop, for `spawn`. After `stop` what is spawned there is dropped.
  [[nodiscard]] const std::shared_ptr<runtime>& background() const noexcept;

  /// Cancels every wait of every spawned task, lets the tasks end, and joins the thread. Waits for
  /// no network: a resolver call in flight is abandoned. From the loop's own thread it only asks.
  /// Idempotent; safe from any thread.
  void stop() noexcept;

  /// For blocking work of operations on other event loops.
  [[nodiscard]] const std::shared_ptr<detail::blocking_pool>& blocking() const noexcept;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace holdfast
