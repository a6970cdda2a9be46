// How one operation ends: what its failures lead to, what the caller is told, what is counted.
#include "database/database_core.hpp"

#include <holdfast/detail/operation.hpp>

namespace holdfast::detail {

result<void> database_core::refused(operation& op, time_point now) { return op.refusal(now); }

retry_decision database_core::decide(operation& op, result<void> failed, work& what, time_point now,
                                     std::uint64_t random) {
  const attempt_facts known = what.take_facts(*driver_);
  op.note_facts(known.repeatable, known.in_doubt, known.settled);
  return op.failed(std::move(failed).error(), now, random);
}

/// What the caller gets: where and when, and what to do about an outcome that stayed unknown.
result<void> database_core::conclude(operation& op, wait_status woke, const call_terms& terms,
                                     time_point now, time_point began) {
  const bool cut_short = woke == wait_status::cancelled;
  error e = located(cut_short ? op.interrupted(woke, now) : op.give_up(now), terms, now - began);
  if (e.effect == side_effect::unknown) {
    unknown_.fetch_add(1, std::memory_order_relaxed);
    publish({.kind = event_kind::outcome_resolved, .reason = event_reason::unknown, .failure = &e},
            now, terms);
  }
  record(terms, now, began, &e);
  return e;
}

/// Empty: it never got to one.
std::string_view database_core::host_of(const call_terms& terms) const noexcept {
  return terms.at ? terms.at->name() : std::string_view{};
}

error database_core::located(error e, const call_terms& terms, duration elapsed) const {
  e.where.database = options_.name;
  e.where.host = host_of(terms);
  e.where.operation = terms.name;
  e.where.trace_id = terms.trace_id;
  e.where.caller = terms.caller;
  e.where.elapsed = elapsed;
  return e;
}

[[gnu::hot]] void database_core::record(const call_terms& terms, time_point now, time_point began,
                                        const error* failure) noexcept {
  operations_.fetch_add(1, std::memory_order_relaxed);
  if (failure) failures_.fetch_add(1, std::memory_order_relaxed);
  if (!failure && !observers_->details.contains(event_kind::operation_ended)) {
    host_metrics* const measures = terms.at ? terms.at->measures() : nullptr;
    if (measures) measures->count(event_kind::operation_ended, now - began);
    return;
  }
  publish({.kind = event_kind::operation_ended, .elapsed = now - began, .failure = failure}, now,
          terms);
}

void database_core::publish(event e, time_point at, const call_terms& terms) noexcept {
  if (!wanted_.contains(e.kind)) return;
  e.at = at;
  e.database = options_.name;
  e.host = host_of(terms);
  e.operation = terms.name;
  e.trace_id = terms.trace_id;
  events_->on_event(e);
}

} // namespace holdfast::detail
