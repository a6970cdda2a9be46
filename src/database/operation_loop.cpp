// The life of one operation: deadline, retry with budget, host, breaker, lease, attempt, classify,
// record. What handles an error by value is in operation_end.cpp: clang would keep a place for each
// such error in the frame of a coroutine, of which thousands may wait.
#include "database/database_core.hpp"

#include <holdfast/detail/operation.hpp>

namespace holdfast::detail {
namespace {

bool left_open(const drivers::sql_connection& on) noexcept {
  return on.in_transaction() != drivers::transaction_status::none;
}

/// A transaction that a statement's text opened and did not end would be the next borrower's. Not
/// inline: clang would put its frame into its caller's.
[[gnu::noinline]] task<result<void>>
refuse_open_transaction(runtime& rt, drivers::sql_connection& on, deadline until) {
  auto e = make_error(errc::invalid_statement,
                      "the statement left a transaction open, which was rolled back: use "
                      "transaction() instead");
  auto undone = co_await on.rollback(rt, until);
  e.connection_usable = undone.has_value();
  co_return e;
}

/// Where the next attempt goes. For all but reads that a replica may serve that is one load.
host* next_host(topology& hosts, const call_terms& terms, time_point now, const host* avoid) {
  return terms.replica_will_do ? hosts.pick(terms, now, avoid) : hosts.writer();
}

/// An exception of the user's code (a conversion, a sink) leaves a connection in any state.
struct unless_ended {
  explicit unless_ended(sql_lease& l) noexcept : lease{l} {}
  unless_ended(const unless_ended&) = delete;
  unless_ended& operator=(const unless_ended&) = delete;
  ~unless_ended() {
    if (!ended) lease.discard();
  }
  sql_lease& lease;
  bool ended = false;
};

// Not inline, as clang would keep a place for each error.
[[gnu::noinline]] result<void> no_turn(result<writer_queue::turn>& waited) {
  return std::move(waited.error());
}
[[gnu::noinline]] result<void> no_lease(const host& at, result<sql_lease>& waited) {
  return at.explain(std::move(waited.error()));
}
[[gnu::noinline]] result<void> no_host(const topology& hosts) { return hosts.refusal(); }

} // namespace

[[gnu::hot]] operation database_core::start(const call_terms& terms, time_point now) {
  operation_parts parts{terms.fail_fast ? &fail_fast_ : &options_.retry};
  parts.budget = budget_.get();
  parts.median = &median_;
  parts.events = events_.get();
  parts.name = terms.name;
  parts.trace_id = terms.trace_id;
  retry_terms limits{terms.until, terms.idempotent, terms.scope};
  limits.host_monitor = true;
  limits.several_hosts = hosts_->several();
  operation op{parts, limits, now};
  turn_to(op, next_host(*hosts_, terms, now, nullptr), terms);
  return op;
}

/// The next attempt goes there; null: nowhere.
void database_core::turn_to(operation& op, host* at, const call_terms& terms) noexcept {
  if (!at) return op.turn_to(nullptr, {});
  terms.at = at;
  op.turn_to(&at->breaker(), at->name());
}

/// The host's breaker is asked. A read that a replica's breaker refuses goes to the primary.
bool database_core::may_begin(operation& op, const call_terms& terms, time_point now) {
  if (op.begin(now)) return true;
  host* const primary = terms.replica_will_do ? hosts_->writer() : nullptr;
  if (!primary || primary == terms.at) return false;
  turn_to(op, primary, terms);
  return op.begin(now);
}

[[gnu::hot]] task<result<void>> database_core::run(runtime& rt, const call_terms& terms,
                                                   work& what) {
  time_point now = terms.began;
  const time_point began = now;
  operation op = start(terms, now);
  if (wanted_.contains(event_kind::operation_started))
    publish({.kind = event_kind::operation_started}, now, terms);
  wait_status woke = wait_status::ready;
  while (woke != wait_status::cancelled) {
    result<void> made;
    if (!op.has_host()) {
      made = no_host(*hosts_);
    } else if (may_begin(op, terms, now)) {
      auto trying =
          terms.hedge ? attempt_hedged(rt, terms, op, now) : attempt(rt, terms, what, now);
      auto tried = co_await std::move(trying);
      made = std::move(tried);
      if (!made) now = rt.now();
    } else {
      made = refused(op, now);
    }
    if (made) {
      op.succeeded(now);
      record(terms, now, began, nullptr);
      co_return made;
    }
    const retry_decision next = decide(op, std::move(made), what, now, rt.random());
    if (next.what == retry_decision::action::give_up) break;
    woke = co_await pause(rt, terms, next, op);
    now = rt.now();
    if (woke != wait_status::cancelled) retries_.fetch_add(1, std::memory_order_relaxed);
    turn_to(op, next_host(*hosts_, terms, now, terms.at), terms);
  }
  co_return conclude(op, woke, terms, now, began);
}

/// One try on one connection. A success reads `now` again, once for all that follows.
[[gnu::hot]] task<result<void>> database_core::attempt(runtime& rt, const call_terms& terms,
                                                       work& what, time_point& now) {
  host& at = *terms.at;
  writer_queue::turn turn;
  if (terms.writes && driver_->single_writer()) {
    auto mine = co_await at.writers().enter(rt, terms.until);
    if (!mine) co_return no_turn(mine);
    turn = std::move(*mine);
  }
  acquire_request request{.until = terms.until,
                          .priority = terms.priority,
                          .operation = terms.name,
                          .trace_id = terms.trace_id,
                          .now = now};
  auto& connections = at.connections();
  sql_lease lease = connections.try_take(request, terms.caller);
  if (!lease) { // none that is idle and fresh: a wait, which has a frame of its own
    auto waited = co_await connections.acquire(rt, request, terms.caller);
    if (!waited) co_return no_lease(at, waited);
    lease = std::move(*waited);
  }
  if (hosts_->holds_back(terms)) co_return no_host(*hosts_); // the lease and the turn go back
  attempts_.fetch_add(1, std::memory_order_relaxed);
  load_limiter::sample sample = at.load().begin(rt);
  terms.reached = true;
  unless_ended doubt{lease};
  auto made = co_await what.attempt(rt, **lease, terms);
  doubt.ended = true;
  sample.ended(rt, made ? nullptr : &made.error());
  if (made) {
    if (what.keep(lease, turn) || !left_open(**lease)) {
      now = rt.now();
      lease.release(now);
      co_return made;
    }
    auto undone = co_await refuse_open_transaction(rt, **lease, terms.until);
    made = std::move(undone);
  }
  // In doubt, it never goes back.
  if (!made.error().connection_usable) lease.discard();
  at.report(made.error(), lease.generation());
  co_return made;
}

task<wait_status> database_core::pause(runtime& rt, const call_terms& terms,
                                       const retry_decision& decision, operation& state) {
  terms.reached = false; // the next may end before it
  const time_point now = rt.now();
  if (decision.what == retry_decision::action::retry)
    co_return co_await rt.sleep_until(now + decision.delay);
  if (decision.pause > duration::zero()) {
    const wait_status slept = co_await rt.sleep_until(now + decision.pause);
    if (slept == wait_status::cancelled) co_return slept;
  }
  const time_point waits_from = rt.now();
  const deadline limit = earliest(terms.until, deadline::after(waits_from, decision.delay));
  const wait_status woke = co_await hosts_->wait(rt, terms, limit);
  state.waited_for_host(rt.now() - waits_from);
  co_return woke;
}

} // namespace holdfast::detail
