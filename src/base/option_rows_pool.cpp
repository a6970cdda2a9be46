#include "base/option_rows.hpp"

namespace holdfast::detail {

void add_pool_rows(std::vector<option>& rows) {
  row_builder b{rows};
  b.add(
      "pool.min_size", [](auto& c) -> auto& { return c.options.pool.min_size; }, between(0, 10000),
      "Connections kept warm in the background, never on a caller's path.");
  b.add(
      "pool.max_size", [](auto& c) -> auto& { return c.options.pool.max_size; }, between(1, 10000),
      "Most connections at once.");
  b.add(
      "pool.acquire_timeout", [](auto& c) -> auto& { return c.options.pool.acquire_timeout; },
      positive_time, "Longest wait for a connection, its connect included.");
  b.add(
      "pool.idle_timeout", [](auto& c) -> auto& { return c.options.pool.idle_timeout; },
      positive_time,
      "Idle longer than this is closed, least recently used first, down to `pool.min_size`.");
  b.add(
      "pool.connect_timeout", [](auto& c) -> auto& { return c.options.pool.connect_timeout; },
      positive_time, "Longest handshake, name resolution, TLS and login included.");
  b.add(
      "pool.max_lifetime", [](auto& c) -> auto& { return c.options.pool.max_lifetime; },
      positive_time, "A connection is replaced at this age, less up to 25 % jitter.");
  b.add(
      "pool.keepalive", [](auto& c) -> auto& { return c.options.pool.keepalive; }, positive_time,
      "An idle connection is pinged this often, so that NAT does not forget it.");
  b.add(
      "pool.ping_after_idle", [](auto& c) -> auto& { return c.options.pool.ping_after_idle; },
      any_time, "Validated at borrow when idle for longer than this.");
  b.add(
      "pool.ping_timeout", [](auto& c) -> auto& { return c.options.pool.ping_timeout; },
      positive_time, "Longest wait for a ping's answer.");
  b.add(
      "pool.max_connecting", [](auto& c) -> auto& { return c.options.pool.max_connecting; },
      between(1, 10000), "Connects in flight at once; spares the server a storm.");
  b.add(
      "pool.wait_queue_limit", [](auto& c) -> auto& { return c.options.pool.wait_queue_limit; },
      between(0, 10'000'000), "Callers waiting at once; what exceeds it is refused at once.");
  b.add(
      "pool.refuse_late", [](auto& c) -> auto& { return c.options.pool.refuse_late; }, no_bounds,
      "Refuse a caller at once who by the present pace cannot be served in time.");
  b.add(
      "pool.leak_after", [](auto& c) -> auto& { return c.options.pool.leak_after; }, positive_time,
      "A connection out for longer is reported with its holder's file and line.");
  b.add(
      "pool.maintenance_interval",
      [](auto& c) -> auto& { return c.options.pool.maintenance_interval; }, positive_time,
      "How often idle times, lifetimes, leaks and `pool.min_size` are looked at.");
  b.add(
      "pool.newest_first", [](auto& c) -> auto& { return c.options.pool.newest_first; }, no_bounds,
      "Serve the newest waiter first under overload; else first come, first served.");
  b.add(
      "pool.slow_start", [](auto& c) -> auto& { return c.options.pool.slow_start; }, no_bounds,
      "After an outage admit 1, 2, 4 … callers until demand is met.");
  b.add(
      "pool.reset", [](auto& c) -> auto& { return c.options.pool.reset; }, no_bounds,
      "When a session is made as good as new before its next borrower.");
}

} // namespace holdfast::detail
