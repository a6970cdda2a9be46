// The ledger's part about borrowers: acquire, check, release.
#include "pool/admission.hpp"
#include "pool/ledger.hpp"

#include <holdfast/median_estimate.hpp>

#include <algorithm>

namespace holdfast::detail {
namespace {
// Fewer uses prove nothing about the next ones.
constexpr std::uint32_t telling_uses = 32;
} // namespace

[[gnu::hot]] bool ledger::must_ping(const slot& s, time_point now) const noexcept {
  if (s.suspect) return true;
  return options_.ping_after_idle && now - std::max(s.used, s.proved) > *options_.ping_after_idle;
}

[[gnu::hot]] bool ledger::fit(const slot& s, time_point now) const noexcept {
  return !expired(s, now) && now < s.dead_at;
}

[[gnu::hot]] std::optional<hold> ledger::try_take(const acquire_request& r, time_point now,
                                                  effects& fx) {
  if (state_ != pool_state::ready || !queue_.empty() || in_use() >= limit()) return std::nullopt;
  const std::uint32_t index = idle_.newest();
  if (index == no_slot) return std::nullopt;
  slot& s = slots_[index];
  if (traits_.always_check || !fit(s, now) || must_ping(s, now)) return std::nullopt;
  fx.publish_for(&r, event_kind::acquire_started);
  lease_out(s, now, fx, &r, {});
  return hold{index, s.serial, s.connection};
}

void ledger::enqueue(ticket& t, time_point now, effects& fx) {
  t.since = now;
  fx.publish_for(t.request, event_kind::acquire_started);
  if (state_ == pool_state::closed) return fail(t, refusal::closed, now, fx);
  if (state_ == pool_state::paused) return fail(t, refusal::cleared, now, fx);
  const bool must_wait =
      state_ != pool_state::ready || !queue_.empty() || idle_.size() == 0 || in_use() >= limit();
  if (must_wait && queue_.size() >= options_.wait_queue_limit)
    return fail(t, refusal::overloaded, now, fx);
  if (must_wait && !foresees_time_for(t, now)) return fail(t, refusal::too_late, now, fx);
  if (queue_.empty()) uses_ = 0;
  if (options_.newest_first)
    queue_.push_first(t);
  else
    queue_.push_last(t);
  plan(now, fx);
}

bool ledger::foresees_time_for(ticket& t, time_point now) const noexcept {
  if (!options_.refuse_late || options_.newest_first || state_ != pool_state::ready) return true;
  if (uses_ < telling_uses) return true;
  // Slow start soon lets more in than it does now.
  const admission_question q{t.until - now, median_use_, lease_limit_,
                             queue_.size_up_to(t.request->priority)};
  t.shortest_wait = shortest_wait(q);
  return can_be_in_time(q);
}

[[gnu::hot]] void ledger::note_use(duration took) noexcept {
  if (queue_.empty()) return;
  median_use_ = median_step(uses_ == 0 ? duration::zero() : median_use_, took);
  uses_ = std::min(uses_ + 1, telling_uses);
}

void ledger::enqueue_again(ticket& t, time_point now, effects& fx) {
  if (state_ == pool_state::closed) return fail(t, refusal::closed, now, fx);
  if (state_ == pool_state::paused) return fail(t, refusal::cleared, now, fx);
  queue_.push_first(t);
  plan(now, fx);
}

void ledger::withdraw(ticket& t, refusal why, time_point now, effects& fx) {
  drop_connect(t);
  queue_.remove(t);
  fail(t, why, now, fx);
  plan(now, fx);
}

void ledger::abandon(ticket& t, refusal why, time_point now, effects& fx) {
  fail(t, why, now, fx);
  plan(now, fx);
}

// Precondition: not queued.
void ledger::fail(ticket& t, refusal why, time_point now, effects& fx) {
  const auto reason = [why] {
    switch (why) {
    case refusal::closed: return event_reason::pool_closed;
    case refusal::overloaded:
    case refusal::too_late: return event_reason::overloaded;
    case refusal::timed_out: return event_reason::timeout;
    case refusal::cancelled: return event_reason::cancelled;
    default: return event_reason::connection_error;
    }
  }();
  t.at = ticket::phase::failed;
  t.why = why;
  fx.publish_for(t.request, event_kind::acquire_failed, 0, reason, now - t.since);
  fx.wake(t);
}

// `connecting_too`: also those for whom a connect is under way; `drop_connects` fails the others.
void ledger::fail_waiters(refusal why, bool connecting_too, time_point now, effects& fx) {
  for (ticket* t = queue_.first(); t;) {
    ticket* const next = queue_.after(*t);
    if (connecting_too || t->connect == no_slot) {
      drop_connect(*t);
      queue_.remove(*t);
      fail(*t, why, now, fx);
    }
    t = next;
  }
}

// The idle connection to hand out next, taken off the stack of those that had their time.
std::uint32_t ledger::take_idle(time_point now, effects& fx) {
  while (idle_.size() > 0) {
    const std::uint32_t index = idle_.newest();
    if (now >= slots_[index].dead_at)
      discard(index, event_reason::lifetime, fx);
    else if (expired(slots_[index], now) && size() > options_.min_size)
      discard(idle_.oldest(), event_reason::idle, fx);
    else
      return index;
  }
  return no_slot;
}

[[gnu::hot]] void ledger::grant_waiters(time_point now, effects& fx) {
  while (!queue_.empty() && in_use() < limit()) {
    const std::uint32_t index = take_idle(now, fx);
    if (index == no_slot) return;
    grant(*queue_.first(), index, now, fx);
  }
}

void ledger::grant(ticket& t, std::uint32_t index, time_point now, effects& fx) {
  slot& s = slots_[index];
  drop_connect(t);
  queue_.remove(t);
  t.at = ticket::phase::granted;
  t.slot = index;
  t.serial = s.serial;
  t.ping = must_ping(s, now);
  t.check = t.ping || traits_.always_check;
  fx.wake(t);
  if (t.check)
    enter(s, slot_state::checking);
  else
    lease_out(s, now, fx, t.request, now - t.since);
}

[[gnu::hot]] void ledger::lease_out(slot& s, time_point now, effects& fx, const acquire_request* r,
                                    duration waited) {
  enter(s, slot_state::leased);
  s.began = now;
  s.leak_told = false;
  s.suspect = false;
  fx.acquired(r, s.connection, waited);
}

// Why a connection that nobody doubts may not be kept; `none` if it may.
[[gnu::hot]] event_reason ledger::verdict_on(const slot& s, time_point now) const noexcept {
  if (state_ == pool_state::closed) return event_reason::pool_closed;
  if (s.generation != generation_) return event_reason::stale;
  if (s.replaced || now >= s.dead_at) return event_reason::lifetime;
  return event_reason::none;
}

ledger::confirmed ledger::confirm(ticket& t, time_point now, effects& fx) {
  slot* const s = find(t.slot, t.serial);
  const event_reason out = s ? verdict_on(*s, now) : event_reason::stale;
  if (out == event_reason::pool_closed || out == event_reason::stale) {
    if (s) discard(t.slot, out, fx);
    const bool closed = state_ == pool_state::closed;
    fail(t, closed ? refusal::closed : refusal::cleared, now, fx);
    plan(now, fx);
    return s ? confirmed::refused : confirmed::gone;
  }
  s->proved = now;
  lease_out(*s, now, fx, t.request, now - t.since);
  return confirmed::leased;
}

bool ledger::reject(const hold& h, time_point now, effects& fx) {
  slot* const s = find(h.slot, h.serial);
  if (!s) return false;
  const event_reason out = verdict_on(*s, now);
  discard(h.slot, out == event_reason::none ? event_reason::validation : out, fx);
  return true; // who was refused is served before the place is given away: no plan here
}

[[gnu::hot]] bool ledger::release(const hold& h, returned how, time_point now, effects& fx) {
  slot* const s = find(h.slot, h.serial);
  fx.released(h.slot, h.connection, s ? now - s->began : duration{});
  if (!s) return false;
  event_reason out = verdict_on(*s, now);
  if (out == event_reason::none && how == returned::in_doubt) out = event_reason::error;
  s->used = now;
  note_use(now - s->began);
  if (out != event_reason::none) {
    retire(h.slot, out, now, fx);
    plan(now, fx);
    return true;
  }
  if (admission_ && ++*admission_ >= options_.max_size) admission_.reset();
  if (how == returned::dirty) {
    enter(*s, slot_state::tending);
    fx.act(effect::what::tend, h.slot, h.serial, tending::reset);
  } else {
    s->proved = now;
    enter(*s, slot_state::idle);
    replace_ahead(h.slot, now, fx);
  }
  plan(now, fx);
  return true;
}

} // namespace holdfast::detail
