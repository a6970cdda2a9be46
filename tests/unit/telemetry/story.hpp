// One of each kind of event, as a day with an outage would bring them.
#pragma once

#include "unit/telemetry/support.hpp"

#include <holdfast/pool_snapshot.hpp>

#include <functional>
#include <optional>

namespace holdfast::test {

#line 42 "booking.cpp"
inline std::source_location booking() { return std::source_location::current(); }
#line 15 "story.hpp"

inline error lost_connection() {
  auto e = make_error(errc::connection_lost, "the server closed the connection during a statement");
  e.effect = side_effect::unknown;
  e.when = phase::sent;
  e.native_code = "08006";
  e.native_message = "a native message is never logged";
  e.where.caller = booking();
  return e;
}

inline error exhausted() {
  pool_snapshot pool;
  pool.in_use = 20;
  pool.waiting = 7;
  pool.max_size = 20;
  pool.oldest_leases.push_back({3, booking(), 61s, "1", "seat.lookup"});
  auto e = make_error(errc::pool_timeout, "no connection within 5000 ms (20 of 20 in use)");
  e.pool = std::make_shared<const pool_snapshot>(pool);
  return e;
}

struct moment {
  event_kind kind;
  event_reason reason = event_reason::none;
  duration elapsed{};
  std::optional<error> failure{};
};

inline std::vector<moment> story() {
  using enum event_kind;
  using why = event_reason;
  const auto lost = lost_connection();
  const auto full = exhausted();
  return {
      {pool_created},
      {connection_created},
      {connection_ready, why::none, 12345678ns},
      {pool_ready},
      {operation_started},
      {acquire_started},
      {acquired, why::none, 900ns},
      {transaction_begun},
      {transaction_committed},
      {released, why::none, 3ms},
      {operation_ended, why::none, 3100us},
      {leak_suspected, why::none, 61s},
      {attempt_failed, why::none, 250ms, lost},
      {connection_closed, why::error, {}, lost},
      {connection_closed, why::idle},
      {pool_cleared, why::interrupted, {}, lost},
      {breaker_opened},
      {host_down, why::none, {}, lost},
      {retry_scheduled, why::none, {}, lost},
      {call_not_permitted},
      {retry_declined, why::budget, {}, lost},
      {acquire_failed, why::timeout, 5s, full},
      {operation_ended, why::none, 5s, full},
      {host_probe, why::none, {}, lost},
      {host_probe},
      {host_up},
      {primary_lost, why::none, {}, lost},
      {primary_found, why::none, 800ms},
      {breaker_half_opened},
      {breaker_closed},
      {transaction_rolled_back},
      {transaction_retried},
      {outcome_resolved, why::committed, {}, lost},
      {outcome_resolved, why::unknown, {}, lost},
      {threshold_crossed, why::latency},
      {threshold_cleared, why::latency},
      {pool_suspended},
      {pool_resumed},
      {pool_closed},
  };
}

/// Plays the story, one event a millisecond.
inline void tell(const std::function<void(const event&)>& listener) {
  auto when = 0ms;
  for (const auto& m : story()) {
    auto e = make_event(m.kind, when);
    e.reason = m.reason;
    e.elapsed = m.elapsed;
    e.operation = "seat.lookup";
    e.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    e.connection = 3;
    e.attempt = 2;
    e.delay = 500ms;
    e.value = 0.25;
    if (m.kind == event_kind::leak_suspected) e.caller = booking();
    e.failure = m.failure ? &*m.failure : nullptr;
    listener(e);
    when += 1ms;
  }
}

} // namespace holdfast::test
