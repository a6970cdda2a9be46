#include <holdfast/backoff.hpp>
#include <holdfast/retry_decision.hpp>

#include <algorithm>

namespace holdfast {
namespace {

using action = retry_decision::action;

const retry_policy& policy_of(const retry_options& o, retry_kind kind) noexcept {
  switch (kind) {
  case retry_kind::connect: return o.connect;
  case retry_kind::conflict: return o.conflict;
  case retry_kind::busy: return o.busy;
  case retry_kind::failover: return o.failover;
  case retry_kind::overload:
  case retry_kind::refused: return o.overload;
  case retry_kind::statement:
  case retry_kind::none: break;
  }
  return o.statement;
}

retry_decision give_up(retry_kind kind, event_reason why) noexcept {
  return {action::give_up, why, kind};
}

std::uint32_t used(const retry_question& q, retry_kind kind) noexcept {
  return q.state.retries[static_cast<std::size_t>(kind)];
}

bool exhausted(const retry_question& q, retry_kind kind, const retry_policy& policy) noexcept {
  return !q.terms.in_doubt && policy.max_retries && used(q, kind) >= *policy.max_retries;
}

/// How long this call may still wait for its host: the connect policy's delays, and the deadline.
duration patience(const retry_question& q) noexcept {
  const duration left = q.terms.until.remaining(q.now) - q.median;
  const retry_policy& policy = q.options.connect;
  if (!policy.max_retries || q.terms.in_doubt) return left;
  const duration total = backoff_total(policy.backoff, *policy.max_retries);
  return std::min(left, total - q.state.waited);
}

event_reason why_impatient(const retry_question& q) noexcept {
  return q.terms.until.remaining(q.now) <= q.median ? event_reason::deadline
                                                    : event_reason::attempts;
}

/// No timer: the monitor says when. Its slow start spares the host, so no token is asked for and
/// only time is limited. Who waited and failed again pauses first, lest "ready" is not yet true.
retry_decision wait_for_host(const retry_question& q) noexcept {
  const duration at_most = patience(q);
  const std::uint32_t waits = used(q, retry_kind::connect);
  const duration pause =
      waits == 0 ? duration::zero()
                 : backoff_delay(q.options.failover.backoff, waits, q.state.previous, q.random);
  if (at_most <= pause) return give_up(retry_kind::connect, why_impatient(q));
  return {action::wait_for_host, event_reason::none, retry_kind::connect, at_most - pause, pause};
}

/// Nobody takes writes, or this one no longer: whoever watches the hosts says when one does. As
/// with an outage no token is asked for, and time alone is the limit: a promotion takes what it
/// takes.
retry_decision wait_for_news(const retry_question& q) noexcept {
  const retry_policy& policy = q.options.failover;
  if (exhausted(q, retry_kind::failover, policy))
    return give_up(retry_kind::failover, event_reason::attempts);
  const duration left = q.terms.until.remaining(q.now) - q.median;
  const std::uint32_t waits = used(q, retry_kind::failover);
  const duration pause = waits == 0
                             ? duration::zero()
                             : backoff_delay(policy.backoff, waits, q.state.previous, q.random);
  if (left <= pause) return give_up(retry_kind::failover, event_reason::deadline);
  return {action::wait_for_host, event_reason::none, retry_kind::failover, left - pause, pause};
}

/// A breaker that is open or ramping will let us in before long: no count and no token, since
/// nothing is attempted meanwhile, but no longer than an outage is waited for.
retry_decision knock_again(const retry_question& q) noexcept {
  const duration wait = backoff_delay(q.options.overload.backoff, used(q, retry_kind::refused) + 1,
                                      q.state.previous, q.random, q.last.retry_after);
  const duration left = q.terms.until.remaining(q.now);
  if (wait + q.median >= left) return give_up(retry_kind::refused, event_reason::deadline);
  if (wait > patience(q)) return give_up(retry_kind::refused, event_reason::attempts);
  return {action::retry, event_reason::none, retry_kind::refused, wait};
}

double cost_of(const retry_question& q, const retry_policy& policy) noexcept {
  if (q.terms.in_doubt) return 0.0;
  const bool server_is_well = q.last.kind == category::conflict || q.last.kind == category::request;
  return server_is_well || q.last.code == errc::admission_refused ? 0.0 : policy.budget_cost;
}

/// Many connections broken at once are more than the budget has tokens, and perhaps the first sign
/// of an outage. Where a monitor will soon know, each call gets one late retry without a token.
bool may_borrow(const retry_question& q, retry_kind kind) noexcept {
  return kind == retry_kind::statement && q.terms.host_monitor && !q.state.lent &&
         q.options.on_outage == on_outage::wait;
}

retry_decision by_timer(const retry_question& q, retry_kind kind) noexcept {
  const retry_policy& policy = policy_of(q.options, kind);
  if (exhausted(q, kind, policy)) return give_up(kind, event_reason::attempts);
  const double cost = cost_of(q, policy);
  const bool poor = cost > 0 && q.budget < cost;
  if (poor && !may_borrow(q, kind)) return give_up(kind, event_reason::budget);
  backoff_options backoff = policy.backoff;
  if (poor) backoff.first_at_once = false;
  const duration wait =
      backoff_delay(backoff, used(q, kind) + 1, q.state.previous, q.random, q.last.retry_after);
  if (wait + q.median >= q.terms.until.remaining(q.now))
    return give_up(kind, event_reason::deadline);
  return {action::retry, event_reason::none, kind, wait, {}, poor ? 0.0 : cost};
}

bool retryable_advice(advice next) noexcept {
  return next != advice::give_up && next != advice::fix_request;
}

} // namespace

bool is_local_refusal(const error& e) noexcept {
  return e.code == errc::circuit_open || e.code == errc::admission_refused ||
         e.code == errc::no_suitable_host;
}

bool is_outage(const error& e) noexcept {
  switch (e.code) {
  case errc::host_unreachable:
  case errc::connect_refused:
  case errc::connect_timeout:
  case errc::name_not_resolved:
  case errc::server_shutdown:
  case errc::server_starting:
  case errc::pool_cleared: return retryable_advice(e.next);
  // The host monitor says so where the server is full and has let in nobody of ours.
  case errc::too_many_connections: return e.kind == category::connection;
  default: return false;
  }
}

retry_kind retry_kind_of(const error& e) noexcept {
  if (!retryable_advice(e.next)) return retry_kind::none;
  // A full disk is not emptied by asking again; and who has queued for as long as one may does not
  // queue again behind all others.
  if (e.code == errc::disk_full || e.code == errc::pool_timeout) return retry_kind::none;
  if (e.code == errc::no_suitable_host) return retry_kind::failover;
  if (e.code == errc::circuit_open) return retry_kind::refused;
  if (e.code == errc::database_busy) return retry_kind::busy;
  if (e.kind == category::conflict) return retry_kind::conflict;
  if (is_outage(e)) return retry_kind::connect;
  if (e.next == advice::re_resolve || e.next == advice::retry_elsewhere)
    return retry_kind::failover;
  return e.next == advice::back_off ? retry_kind::overload : retry_kind::statement;
}

bool safe_to_retry(const error& e, const retry_terms& terms) noexcept {
  if (e.effect != side_effect::none && !terms.idempotent && !terms.in_doubt) return false;
  if (terms.scope != retry_scope::in_transaction) return true;
  return e.transaction_usable && e.connection_usable && e.next == advice::retry_statement;
}

retry_decision decide_retry(const retry_question& q) noexcept {
  const retry_kind kind = retry_kind_of(q.last);
  if (kind == retry_kind::none) return give_up(kind, event_reason::none);
  if (!safe_to_retry(q.last, q.terms)) return give_up(kind, event_reason::not_safe);
  // Who asked for a switch wants no call to fail by it.
  const bool leaderless = q.last.code == errc::no_suitable_host && q.last.next != advice::back_off;
  const bool down = kind == retry_kind::connect || kind == retry_kind::refused || leaderless;
  if (down && q.options.on_outage == on_outage::fail_fast)
    return give_up(kind, event_reason::connection_error);
  if (kind == retry_kind::refused) return knock_again(q);
  if (kind == retry_kind::connect && q.terms.host_monitor) return wait_for_host(q);
  const bool told = q.terms.several_hosts || q.last.code == errc::no_suitable_host;
  if (kind == retry_kind::failover && told) return wait_for_news(q);
  return by_timer(q, kind);
}

} // namespace holdfast
