// The pool's part that waits for a connection: written once, for threads, event loops and
// simulation.
#include "pool/core.hpp"

#include <holdfast/thread_runtime.hpp>

#include <algorithm>
#include <optional>

namespace holdfast::detail {
namespace {

// A hook that refuses each connection it is shown would make one acquire open them without end.
constexpr int most_refusals = 3;

std::string in_milliseconds(duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}

error cleared_because(const std::shared_ptr<const error>& cause) {
  if (!cause) return make_error(errc::pool_cleared, "the pool is paused: it was never made ready");
  auto e = make_error(errc::pool_cleared, "the pool was cleared: " + to_string(*cause));
  e.native_code = cause->native_code;
  e.native_message = cause->native_message;
  e.retry_after = cause->retry_after;
  return e;
}

} // namespace

task<result<raw_lease>> core::acquire(runtime& rt, acquire_request r, std::source_location caller) {
  if (!r.now) r.now = rt.now();
  auto until = deadline::after(*r.now, options_.acquire_timeout);
  if (r.until) until = earliest(until, *r.until);
  return acquire_until(rt, r, caller, until, nullptr); // no frame of its own: thousands may wait
}

task<result<raw_lease>> core::acquire_until(runtime& rt, acquire_request r,
                                            std::source_location caller, deadline until,
                                            error_ptr* cause) {
  if (fork_.forked()) co_return forked_error();
  const auto self = shared_from_this();
  waiting w{*this, rt, r, caller};
  w.since = r.now ? *r.now : rt.now();
  w.until = until.at();
  begin_wait(w);
  int refusals = 0;
  while (w.turn != waiting::next::done) {
    if (w.turn == waiting::next::wait) {
      const wait_status status = co_await rt.park(*w.sleeper, until);
      end_wait(w, status, rt.now());
      continue;
    }
    auto checked = co_await check(rt, w, until);
    const time_point now = rt.now();
    if (!w.ping) ++refusals;
    if (checked) {
      confirm(w, now);
    } else if (until.expired(now) || rt.cancelled() || refusals >= most_refusals) {
      w.cause = std::make_shared<const error>(std::move(checked.error()));
      const refusal late = until.expired(now) ? refusal::timed_out : refusal::connect_failed;
      reject(w, rt.cancelled() ? refusal::cancelled : late, now);
    } else {
      reject(w, refusal::none, now);
    }
  }
  if (w.at == ticket::phase::granted) co_return w.lease;
  if (cause) *cause = w.cause;
  const bool blocking = dynamic_cast<thread_runtime*>(&rt) != nullptr;
  co_return refusal_of(w, rt.now(), blocking);
}

/// What the coroutine does next. Under the lock.
void core::waiting::look() noexcept {
  if (at == phase::queued)
    turn = next::wait;
  else
    turn = at == phase::granted && check ? next::check : next::done;
}

void core::begin_wait(waiting& w) {
  pending later;
  {
    const std::lock_guard lock{mutex_};
    ledger_.enqueue(w, w.since, fx_);
    settle(later, w.since, nullptr);
    w.look();
  }
  carry_out(later);
}

void core::end_wait(waiting& w, wait_status status, time_point now) {
  pending later;
  {
    const std::lock_guard lock{mutex_};
    if (w.at == ticket::phase::queued)
      ledger_.withdraw(
          w, status == wait_status::cancelled ? refusal::cancelled : refusal::timed_out, now, fx_);
    settle(later, now, nullptr);
    w.look();
  }
  carry_out(later);
}

task<result<void>> core::check(runtime& rt, waiting& w, deadline until) {
  const auto limit = earliest(until, deadline::after(rt.now(), options_.ping_timeout));
  if (w.ping) {
    auto answered = co_await connector_->ping(rt, w.lease.object, limit);
    if (!answered) co_return std::move(answered.error());
  }
  if (abilities_.check_each_borrow)
    co_return co_await connector_->before_acquire(rt, w.lease.object, limit);
  co_return result<void>{};
}

void core::confirm(waiting& w, time_point now) {
  pending later;
  {
    const std::lock_guard lock{mutex_};
    const auto how = ledger_.confirm(w, now, fx_);
    if (how == ledger::confirmed::gone) doom(later, w.lease.object);
    if (how != ledger::confirmed::leased) --leases_out_;
    settle(later, now, nullptr);
    w.turn = waiting::next::done;
    wake_drainers();
  }
  carry_out(later);
}

/// The connection goes; the waiter fails, or with `none` waits again, first of its priority.
void core::reject(waiting& w, refusal why, time_point now) {
  pending later;
  const error_ptr cause = w.cause;
  {
    const std::lock_guard lock{mutex_};
    if (!ledger_.reject({w.slot, w.serial, 0}, now, fx_)) doom(later, w.lease.object);
    --leases_out_;
    w.sleeper.emplace(w.sleeper->home());
    if (why == refusal::none)
      ledger_.enqueue_again(w, now, fx_);
    else
      ledger_.abandon(w, why, now, fx_);
    settle(later, now, cause);
    w.look();
    wake_drainers();
  }
  carry_out(later);
}

/// The coroutine is being destroyed while it waits or checks.
void core::forget(waiting& w) noexcept {
  if (fork_.forked()) return;
  const time_point now = where_.background->now();
  {
    const std::lock_guard lock{mutex_};
    w.look();
  }
  if (w.turn == waiting::next::wait) end_wait(w, wait_status::cancelled, now);
  if (w.turn == waiting::next::check) return reject(w, refusal::cancelled, now);
  if (w.at == ticket::phase::granted) release(w.lease, false, now);
}

error core::refusal_of(const waiting& w, time_point now, bool blocking) const {
  error e = [&] {
    switch (w.why) {
    case refusal::closed: return make_error(errc::pool_closed, "the pool is closed");
    case refusal::cleared: return cleared_because(w.cause);
    case refusal::connect_failed: return *w.cause;
    case refusal::cancelled: return wait_error(wait_status::cancelled, "waiting for a connection");
    default: return exhausted(w, now, blocking);
    }
  }();
  e.where.database = where_.database;
  if (e.where.host.empty()) e.where.host = where_.host;
  e.where.operation = w.request->operation;
  e.where.trace_id = w.request->trace_id;
  e.where.elapsed = now - w.since;
  e.where.caller = w.caller;
  return e;
}

/// Why there is no connection, in words.
error core::verdict_of(const waiting& w, time_point now) const {
  if (w.why == refusal::overloaded)
    return make_error(errc::pool_overloaded, "the wait queue is full (pool.wait_queue_limit = " +
                                                 std::to_string(options_.wait_queue_limit) + ")");
  if (w.why == refusal::too_late)
    return make_error(errc::admission_refused,
                      "no connection can be free in time: the wait would take " +
                          in_milliseconds(w.shortest_wait) + " at the least, and " +
                          in_milliseconds(w.until - w.since) + " are left");
  return make_error(errc::pool_timeout, "no connection within " + in_milliseconds(now - w.since));
}

/// Says who has the connections.
error core::exhausted(const waiting& w, time_point now, bool blocking) const {
  auto seen = std::make_shared<pool_snapshot>();
  {
    const std::lock_guard lock{mutex_};
    *seen = look(now);
    // Only where a thread stands for one caller does its id prove that it waits for itself.
    for (const slot& s : ledger_.slots())
      if (blocking && s.state == slot_state::leased &&
          holders_[static_cast<std::size_t>(&s - ledger_.slots().data())].thread == w.thread)
        seen->likely_self_deadlock = true;
  }
  error e = verdict_of(w, now);
  e.message += ": " + to_string(*seen);
  e.pool = std::move(seen);
  return e;
}

error core::forked_error() const {
  auto e = make_error(errc::forked, "this process is a fork of the one that opened the pool: its "
                                    "connections belong to the parent; open a pool of its own");
  e.where.database = where_.database;
  e.where.host = where_.host;
  return e;
}

} // namespace holdfast::detail
