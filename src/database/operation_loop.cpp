// The life of one operation: deadline, retry with budget, host, breaker, lease, attempt, classify,
// record.
#include "database/database_core.hpp"

#include <holdfast/detail/operation.hpp>

namespace holdfast::detail {

operation database_core::start(const call_terms& terms, time_point now) {
  operation_parts parts{&options_.retry};
  parts.budget = &budget_;
  parts.breaker = &host_->breaker();
  parts.median = &median_;
  parts.events = events_.get();
  parts.name = terms.name;
  retry_terms limits{terms.until, terms.idempotent, terms.scope};
  limits.host_monitor = true;
  return operation{parts, limits, now};
}

task<result<void>> database_core::run(runtime& rt, const call_terms& terms, work& what) {
  time_point now = rt.now();
  const time_point began = now;
  operation op = start(terms, now);
  if (wanted_.contains(event_kind::operation_started))
    publish({.kind = event_kind::operation_started}, now, terms);
  while (true) {
    std::unique_ptr<error> failure;
    if (op.begin(now)) {
      auto made = co_await attempt(rt, terms, what, now);
      now = rt.now();
      if (made) {
        op.succeeded(now);
        record(terms, now, began, nullptr);
        co_return made;
      }
      failure = std::make_unique<error>(std::move(made).error());
    } else {
      failure = std::make_unique<error>(op.refusal(now));
    }
    if (what.only_reads(*driver_)) op.declare_idempotent();
    const retry_decision next = op.failed(std::move(*failure), now, rt.random());
    if (next.what == retry_decision::action::give_up) break;
    const wait_status woke = co_await pause(rt, terms, next, op);
    now = rt.now();
    if (woke == wait_status::cancelled)
      co_return complete(op.interrupted(woke, now), terms, now, began);
    retries_.fetch_add(1, std::memory_order_relaxed);
  }
  co_return complete(op.give_up(now), terms, now, began);
}

/// One try on one connection.
task<result<void>> database_core::attempt(runtime& rt, const call_terms& terms, work& what,
                                          time_point now) {
  writer_queue::turn turn;
  if (terms.writes && driver_->single_writer()) {
    auto mine = co_await writers_.enter(rt, terms.until);
    if (!mine) co_return std::move(mine.error());
    turn = std::move(*mine);
  }
  acquire_request request{.until = terms.until,
                          .priority = terms.priority,
                          .operation = terms.name,
                          .trace_id = terms.trace_id,
                          .now = now};
  auto lease = co_await host_->connections().acquire(rt, request, terms.caller);
  if (!lease) co_return host_->explain(std::move(lease.error()));
  attempts_.fetch_add(1, std::memory_order_relaxed);
  auto made = co_await what.attempt(rt, ***lease, terms);
  if (made) {
    what.keep(*lease, turn);
    co_return made;
  }
  // In doubt, it never goes back.
  if (!made.error().connection_usable) lease->discard();
  host_->report(made.error(), lease->generation());
  co_return made;
}

task<wait_status> database_core::pause(runtime& rt, const call_terms& terms,
                                       const retry_decision& decision, operation& state) {
  const time_point now = rt.now();
  if (decision.what == retry_decision::action::retry)
    co_return co_await rt.sleep_until(now + decision.delay);
  if (decision.pause > duration::zero()) {
    const wait_status slept = co_await rt.sleep_until(now + decision.pause);
    if (slept == wait_status::cancelled) co_return slept;
  }
  const time_point waits_from = rt.now();
  const deadline limit = earliest(terms.until, deadline::after(waits_from, decision.delay));
  const wait_status woke = co_await host_->wait_until_up(rt, limit);
  state.waited_for_host(rt.now() - waits_from);
  co_return woke;
}

/// What the caller gets: where and when, and what to do about an outcome that stayed unknown.
error database_core::complete(error e, const call_terms& terms, time_point now, time_point began) {
  e = located(std::move(e), terms, now - began);
  if (e.effect == side_effect::unknown) {
    unknown_.fetch_add(1, std::memory_order_relaxed);
    publish({.kind = event_kind::outcome_resolved, .reason = event_reason::unknown, .failure = &e},
            now, terms);
  }
  record(terms, now, began, &e);
  return e;
}

error database_core::located(error e, const call_terms& terms, duration elapsed) const {
  e.where.database = options_.name;
  e.where.host = driver_->host();
  e.where.operation = terms.name;
  e.where.trace_id = terms.trace_id;
  e.where.caller = terms.caller;
  e.where.elapsed = elapsed;
  return e;
}

void database_core::record(const call_terms& terms, time_point now, time_point began,
                           const error* failure) noexcept {
  operations_.fetch_add(1, std::memory_order_relaxed);
  if (failure) failures_.fetch_add(1, std::memory_order_relaxed);
  if (!wanted_.contains(event_kind::operation_ended)) return;
  publish({.kind = event_kind::operation_ended, .elapsed = now - began, .failure = failure}, now,
          terms);
}

void database_core::publish(event e, time_point at, const call_terms& terms) noexcept {
  if (!wanted_.contains(e.kind)) return;
  e.at = at;
  e.database = options_.name;
  e.host = driver_->host();
  e.operation = terms.name;
  e.trace_id = terms.trace_id;
  events_->on_event(e);
}

} // namespace holdfast::detail
