#pragma once

#include <holdfast/error.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace holdfast {

/// How a pool is sized, fed and kept clean. Zero never means "for ever"; an empty optional means
/// "off" or "no limit".
struct pool_options {
  /// Kept warm in the background, never on a caller's path.
  std::uint32_t min_size = 5;
  std::uint32_t max_size = 20;
  /// The whole acquire: waiting in the queue and for a connect.
  duration acquire_timeout = std::chrono::seconds{5};
  /// Idle longer than this is closed, least recently used first, down to `min_size`.
  std::optional<duration> idle_timeout = std::chrono::seconds{60};
  /// The whole handshake, TLS and login included: one black-holed connect must not wedge the pool.
  duration connect_timeout = std::chrono::seconds{5};
  /// A connection is replaced at this age, less up to 25 % jitter so that not all go at once.
  std::optional<duration> max_lifetime = std::chrono::minutes{30};
  /// An idle connection is pinged this often, so that NAT does not forget it.
  std::optional<duration> keepalive = std::chrono::minutes{2};
  /// Validated at borrow only when idle for longer than this.
  std::optional<duration> ping_after_idle = std::chrono::milliseconds{500};
  duration ping_timeout = std::chrono::seconds{1};
  /// Connects in flight at once; spares the server a storm.
  std::uint32_t max_connecting = 2;
  /// The one wait queue; what exceeds it is refused at once with the pool's numbers.
  std::uint32_t wait_queue_limit = 1000;
  /// Refuse at once, with the pool's numbers, who by the present pace cannot be served before their
  /// wait has to end. Only where that is beyond doubt.
  bool refuse_late = true;
  /// A lease out for longer is reported with its holder's file:line.
  std::optional<duration> leak_after = std::chrono::seconds{60};
  /// How often upkeep looks at idle times, lifetimes, leaks and `min_size`.
  std::optional<duration> maintenance_interval = std::chrono::seconds{1};
  /// Serve the newest waiter first under overload; off: strictly first come, first served.
  bool newest_first = false;
  /// After an outage admit 1, 2, 4 … leases until demand is met.
  bool slow_start = true;

  enum class reset_mode : std::uint8_t { if_dirty, always, never };
  /// When a released connection's session is reset before its next borrower.
  reset_mode reset = reset_mode::if_dirty;
};

} // namespace holdfast
