// Wakes all coroutines that wait for news of one kind.
#pragma once

#include <holdfast/runtime.hpp>

#include <cstdint>
#include <list>
#include <mutex>

namespace holdfast::detail {

/// Ask `rings()`, look, and if what you see will not do, `wait` for the next ring: none is missed
/// in between. Threads: any. Whoever waits keeps it alive.
class bell {
public:
  [[nodiscard]] std::uint64_t rings() const;
  /// `ready` once it has rung more often than `heard` times, or is closed.
  [[nodiscard]] task<wait_status> wait(runtime& rt, std::uint64_t heard, deadline until);
  void ring() noexcept;
  /// Nobody waits from now on.
  void close() noexcept;
  [[nodiscard]] bool closed() const;

private:
  void wake() noexcept;

  mutable std::mutex mutex_; // guards all below
  std::uint64_t rings_ = 0;
  bool closed_ = false;
  std::list<waiter*> waiting_; // they live in their coroutines' frames
};

} // namespace holdfast::detail
