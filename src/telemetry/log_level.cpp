#include "telemetry/log_line.hpp"

#include <algorithm>
#include <array>

namespace holdfast {
namespace {

using enum event_kind;

log_level level_of_close(event_reason reason) noexcept {
  const bool broken = reason == event_reason::error || reason == event_reason::validation ||
                      reason == event_reason::connection_error || reason == event_reason::timeout;
  return broken ? log_level::warning : log_level::debug;
}

// An error that a correct program meets every day (a conflict, a constraint) is no news.
log_level level_of_failure(const error* failure) noexcept {
  if (!failure) return log_level::warning;
  if (failure->level == severity::info) return log_level::debug;
  return failure->level == severity::critical ? log_level::error : log_level::warning;
}

log_level level_of_retry(const error* failure) noexcept {
  return std::min(level_of_failure(failure), log_level::info);
}

} // namespace

std::string_view to_string(log_level level) noexcept {
  constexpr auto names =
      std::to_array<std::string_view>({"trace", "debug", "info", "warning", "error"});
  const auto index = static_cast<std::size_t>(level);
  return index < names.size() ? names[index] : "unknown";
}

namespace detail {

log_level level_of(const event& e) noexcept {
  switch (e.kind) {
  case acquire_started:
  case acquired:
  case released:
  case operation_started:
  case transaction_begun:
  case transaction_committed: return log_level::trace;
  case operation_ended: return e.failure ? log_level::debug : log_level::trace;
  case connection_created:
  case connection_ready:
  case host_probe:
  case transaction_rolled_back:
  case call_not_permitted: return log_level::debug;
  case connection_closed: return level_of_close(e.reason);
  case acquire_failed:
    return e.reason == event_reason::cancelled ? log_level::debug : log_level::warning;
  case attempt_failed: return level_of_failure(e.failure);
  case retry_scheduled:
  case transaction_retried: return level_of_retry(e.failure);
  case pool_created:
  case pool_ready:
  case pool_suspended:
  case pool_resumed:
  case pool_closed:
  case breaker_half_opened: return log_level::info;
  case pool_cleared:
  case leak_suspected:
  case retry_declined:
  case breaker_opened:
  case threshold_crossed:
  // The end of an alarm is told where the alarm was.
  case breaker_closed:
  case threshold_cleared:
  case host_up: return log_level::warning;
  // The first one of all ends no alarm.
  case primary_found: return e.elapsed == duration::zero() ? log_level::info : log_level::warning;
  case host_down:
  case primary_lost: return log_level::error;
  case outcome_resolved:
    return e.reason == event_reason::unknown ? log_level::error : log_level::info;
  }
  return log_level::warning;
}

log_level highest_level_of(event_kind kind) noexcept {
  auto highest = log_level::trace;
  error failure;
  event e{};
  e.kind = kind;
  for (std::size_t reason = 0; reason < event_reason_count; ++reason) {
    e.reason = static_cast<event_reason>(reason);
    e.elapsed = duration{1};
    e.failure = nullptr;
    highest = std::max(highest, level_of(e));
    e.failure = &failure;
    for (const auto level : {severity::info, severity::warning, severity::critical}) {
      failure.level = level;
      highest = std::max(highest, level_of(e));
    }
  }
  return highest;
}

} // namespace detail
} // namespace holdfast
