#include <holdfast/event.hpp>

#include <array>

namespace holdfast {
namespace {

// In the order of the enumerations.
constexpr auto kind_names = std::to_array<std::string_view>({
    "pool_created",
    "pool_ready",
    "pool_cleared",
    "pool_suspended",
    "pool_resumed",
    "pool_closed",
    "connection_created",
    "connection_ready",
    "connection_closed",
    "acquire_started",
    "acquire_failed",
    "acquired",
    "released",
    "leak_suspected",
    "operation_started",
    "operation_ended",
    "attempt_failed",
    "retry_scheduled",
    "retry_declined",
    "breaker_opened",
    "breaker_half_opened",
    "breaker_closed",
    "call_not_permitted",
    "host_down",
    "host_probe",
    "host_up",
    "primary_lost",
    "primary_found",
    "transaction_begun",
    "transaction_committed",
    "transaction_rolled_back",
    "transaction_retried",
    "outcome_resolved",
    "threshold_crossed",
    "threshold_cleared",
});
static_assert(kind_names.size() == event_kind_count);

constexpr auto reason_names = std::to_array<std::string_view>({
    "none",        "stale",         "idle",
    "error",       "pool_closed",   "lifetime",
    "validation",  "timeout",       "connection_error",
    "overloaded",  "cancelled",     "budget",
    "deadline",    "attempts",      "not_safe",
    "committed",   "not_committed", "unknown",
    "latency",     "failures",      "utilisation",
    "interrupted",
});
static_assert(reason_names.size() == event_reason_count);

} // namespace

std::string_view to_string(event_kind kind) noexcept {
  const auto index = static_cast<std::size_t>(kind);
  return index < kind_names.size() ? kind_names[index] : "unknown";
}

std::string_view to_string(event_reason reason) noexcept {
  const auto index = static_cast<std::size_t>(reason);
  return index < reason_names.size() ? reason_names[index] : "unknown";
}

owned_event own(const event& e) {
  owned_event copy;
  copy.kind = e.kind;
  copy.reason = e.reason;
  copy.at = e.at;
  copy.database = e.database;
  copy.host = e.host;
  copy.operation = e.operation;
  copy.trace_id = e.trace_id;
  copy.connection = e.connection;
  copy.attempt = e.attempt;
  copy.elapsed = e.elapsed;
  copy.delay = e.delay;
  copy.value = e.value;
  if (e.failure) copy.failure = *e.failure;
  copy.caller = e.caller;
  return copy;
}

} // namespace holdfast
