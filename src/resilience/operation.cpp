#include <holdfast/detail/operation.hpp>

namespace holdfast::detail {

error operation::refusal(time_point now) {
  if (parts_.breaker && !pass_) return parts_.breaker->refusal(now);
  pass_ = {}; // the breaker's place is given back unused
  return parts_.limiter->refusal();
}

error operation::keep_exception(const std::exception& e) {
  if (!parts_.retry_if || !*parts_.retry_if || !(*parts_.retry_if)(e)) {
    pass_ = {};
    place_ = {};
    throw;
  }
  thrown_ = std::current_exception();
  // Its text is the caller's and may hold anything; the exception itself is what they get back.
  error kept = make_error(errc::user_exception, "the callable threw an exception");
  kept.next = advice::retry_statement;
  return kept;
}

void operation::report_attempt(const error& e, time_point now) noexcept {
  // Who got no connection has not asked the host: that is no success of it either. A full server
  // serves those whom it let in; an open breaker would keep them out.
  const bool host_was_asked =
      e.kind != category::pool && !is_local_refusal(e) && e.code != errc::too_many_connections;
  if (pass_ && host_was_asked) {
    if (e.code == errc::user_exception)
      pass_.failed(now, &e);
    else
      pass_.ended_with(e, now);
  }
  pass_ = {};
  if (place_) place_.ended(now - began_, e.kind == category::timeout);
  place_ = {};
}

retry_decision operation::failed(error e, time_point now, std::uint64_t random) {
  const bool attempted = !is_local_refusal(e) || pass_ || place_;
  if (attempted) {
    report_attempt(e, now);
  }
  const duration median = parts_.median ? parts_.median->value() : duration::zero();
  const retry_decision d = session_.failed(std::move(e), now, random, median, parts_.budget);
  if (!parts_.events) return d;
  if (attempted) tell(event_kind::attempt_failed, d, now);
  if (!attempted && session_.last().code == errc::circuit_open)
    tell(event_kind::call_not_permitted, d, now);
  // An error that no retry could mend was not declined a retry.
  const bool over = d.what == retry_decision::action::give_up;
  if (!over)
    tell(event_kind::retry_scheduled, d, now);
  else if (d.reason != event_reason::none)
    tell(event_kind::retry_declined, d, now);
  return d;
}

void operation::tell(event_kind kind, const retry_decision& d, time_point now) const noexcept {
  event e;
  e.kind = kind;
  e.at = now;
  e.host = parts_.host;
  e.operation = parts_.name;
  e.trace_id = parts_.trace_id;
  e.attempt = session_.state().attempts;
  e.elapsed = now - session_.start();
  e.failure = &session_.last();
  if (kind == event_kind::retry_declined) e.reason = d.reason;
  if (kind == event_kind::retry_scheduled) e.delay = d.delay;
  parts_.events->on_event(e);
}

error operation::interrupted(wait_status why, time_point now) {
  session_.interrupted_by(wait_error(why, "the pause before a retry"));
  return session_.take_error(now);
}

error operation::give_up(time_point now) {
  error e = session_.take_error(now);
  if (e.code == errc::user_exception && thrown_) std::rethrow_exception(thrown_);
  e.where.operation = parts_.name;
  return e;
}

} // namespace holdfast::detail
