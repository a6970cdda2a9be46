#pragma once

#include <holdfast/error.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast {

/// Every moment that the library tells of. `to_string` gives the stable name that logs use.
enum class event_kind : std::uint8_t {
  // pool
  pool_created,
  pool_ready,
  pool_cleared,
  pool_suspended,
  pool_resumed,
  pool_closed,
  connection_created, ///< a connect began
  connection_ready,   ///< ... and succeeded
  connection_closed,  ///< `reason` tells why
  acquire_started,
  acquire_failed,
  acquired,
  released,
  leak_suspected,
  // attempt and retry
  operation_started,
  operation_ended, ///< `failure` is null on success
  attempt_failed,
  retry_scheduled, ///< `delay` from now
  retry_declined,  ///< budget or deadline; `reason` tells which
  // breaker and host
  breaker_opened,
  breaker_half_opened,
  breaker_closed,
  host_down,
  host_probe,
  host_up,
  // transaction
  transaction_begun,
  transaction_committed,
  transaction_rolled_back,
  transaction_retried,
  outcome_resolved, ///< `reason`: committed | not_committed | unknown
  // health
  threshold_crossed, ///< `reason`: latency | failures | utilisation
  threshold_cleared,
};

enum class event_reason : std::uint8_t {
  none,
  // connection_closed
  stale,
  idle,
  error,
  pool_closed,
  lifetime,
  validation,
  // acquire_failed
  timeout,
  connection_error,
  overloaded,
  cancelled,
  // retry_declined
  budget,
  deadline,
  attempts,
  not_safe,
  // outcome_resolved
  committed,
  not_committed,
  unknown,
  // threshold_*
  latency,
  failures,
  utilisation,
  // pool_cleared
  interrupted,
};

[[nodiscard]] std::string_view to_string(event_kind) noexcept;
[[nodiscard]] std::string_view to_string(event_reason) noexcept;

/// One moment, with its context. Views are valid during the call to the observer only: keep copies.
struct event {
  event_kind kind{};
  event_reason reason = event_reason::none;
  time_point at{};
  std::string_view database;
  std::string_view host;
  std::string_view operation;
  std::string_view trace_id;
  std::uint64_t connection = 0; ///< 1, 2, 3 … per pool; 0 where none
  std::uint32_t attempt = 0;
  duration elapsed{}; ///< of what ended: the connect, the wait, the use, the operation
  duration delay{};   ///< retry_scheduled
  double value = 0;   ///< threshold_*: the measured value (seconds, count or share)
  const error* failure = nullptr;
};

/// Sees every event, in order, from whichever thread it happens on, possibly under the lock of what
/// it happened in: must be quick, must not block, throw, or call back into the database.
/// (`database::on_event` takes user functions and runs them elsewhere.)
class observer {
public:
  virtual ~observer() = default;
  virtual void on_event(const event& e) noexcept = 0;
};

using observer_ptr = std::shared_ptr<observer>;

} // namespace holdfast
