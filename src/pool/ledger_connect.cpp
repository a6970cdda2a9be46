// The ledger's part about connects: how many, for whom, and what becomes of them.
#include "pool/ledger.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::detail {
namespace {

// How long filling pauses after a failed connect. Waiters are not held up by it: each brings an
// attempt of its own.
constexpr duration fill_pause = std::chrono::milliseconds{100};
constexpr duration fill_pause_cap = std::chrono::seconds{5};

// d × U(0.5, 1.5)
duration spread(duration d, std::uint64_t random) noexcept {
  const double u = static_cast<double>(random >> 11) * 0x1.0p-53;
  return duration{static_cast<duration::rep>(static_cast<double>(d.count()) * (0.5 + u))};
}

} // namespace

[[gnu::hot]] void ledger::plan(time_point now, effects& fx) {
  if (state_ != pool_state::ready) return;
  grant_waiters(now, fx);
  start_connects(now, fx);
}

bool ledger::may_connect() const noexcept {
  return state_ == pool_state::ready && connecting() < options_.max_connecting && !free_.empty();
}

[[gnu::hot]] void ledger::start_connects(time_point now, effects& fx) {
  while (ticket* t = first_unserved()) {
    if (orphans_ > 0) {
      const std::uint32_t index = find_orphan();
      slots_[index].waiter = t;
      t->connect = index;
      --orphans_;
    } else if (may_connect()) {
      reserve(purpose::demand, t, now, fx);
    } else {
      return;
    }
  }
  while (size() < options_.min_size && now >= fill_not_before_ && may_connect())
    reserve(purpose::fill, nullptr, now, fx);
}

// The first waiter who may have a lease once there is a connection, and for whom none is on its
// way.
[[gnu::hot]] ticket* ledger::first_unserved() const noexcept {
  if (queue_.empty()) return nullptr;
  const std::uint32_t room = limit() > in_use() ? limit() - in_use() : 0;
  std::uint32_t place = 0;
  for (ticket* t = queue_.first(); t && place < room; t = queue_.after(*t), ++place)
    if (t->connect == no_slot) return t;
  return nullptr;
}

// Precondition: orphans_ > 0. The one that is furthest on.
std::uint32_t ledger::find_orphan() const noexcept {
  std::uint32_t found = no_slot;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    const slot& s = slots_[i];
    if (s.state != slot_state::reserved && s.state != slot_state::connecting) continue;
    if (s.waiter || s.generation != generation_) continue;
    if (found == no_slot || s.serial < slots_[found].serial) found = i;
  }
  return found;
}

std::uint32_t ledger::reserve(purpose why, ticket* t, time_point now, effects& fx) {
  const std::uint32_t index = free_.back();
  free_.pop_back();
  slot& s = slots_[index];
  s = slot{};
  s.serial = next_serial_++;
  s.generation = generation_;
  s.reason = why;
  s.began = now;
  s.waiter = t;
  enter(s, slot_state::reserved);
  if (t)
    t->connect = index;
  else
    ++orphans_;
  fx.act(effect::what::connect, index, s.serial);
  return index;
}

// Parts a connect from its waiter, or takes it off the orphans: it has ended.
void ledger::detach(slot& s) noexcept {
  if (s.waiter)
    std::exchange(s.waiter, nullptr)->connect = no_slot;
  else if (s.generation == generation_ && state_ != pool_state::closed)
    --orphans_;
}

// The waiter is leaving; its connect goes to whoever needs it next.
void ledger::drop_connect(ticket& t) noexcept {
  if (t.connect == no_slot) return;
  slots_[std::exchange(t.connect, no_slot)].waiter = nullptr;
  ++orphans_;
}

bool ledger::still_wanted(const slot& s) const noexcept {
  if (state_ != pool_state::ready || s.generation != generation_) return false;
  if (s.waiter || s.reason == purpose::replace) return true;
  return size() <= options_.min_size;
}

std::uint64_t ledger::begin_connect(std::uint32_t index, std::uint64_t serial, time_point now,
                                    effects& fx) {
  slot* const s = find(index, serial);
  if (!s || s->state != slot_state::reserved) return 0;
  if (!still_wanted(*s)) {
    unmark_replaced(*s);
    detach(*s);
    free_slot(index);
    plan(now, fx);
    return 0;
  }
  enter(*s, slot_state::connecting);
  s->began = now;
  s->connection = next_connection_++;
  fx.publish(event_kind::connection_created, s->connection);
  return s->connection;
}

bool ledger::connected(std::uint32_t index, std::uint64_t serial, time_point now,
                       std::uint64_t random, effects& fx) {
  slot* const s = find(index, serial);
  if (!s) return false;
  const bool current = s->generation == generation_ && state_ != pool_state::closed;
  detach(*s);
  if (!current) {
    discard(index, state_ == pool_state::closed ? event_reason::pool_closed : event_reason::stale,
            fx);
    plan(now, fx);
    return true;
  }
  failures_ = 0;
  fill_not_before_ = now;
  fx.publish(event_kind::connection_ready, s->connection, event_reason::none, now - s->began);
  s->used = s->proved = now;
  if (options_.max_lifetime) {
    const double u = static_cast<double>(random >> 11) * 0x1.0p-53;
    const auto life = static_cast<double>(options_.max_lifetime->count());
    const duration shortened{static_cast<duration::rep>(life * (1.0 - 0.25 * u))};
    s->retire_at = std::min(s->retire_at, now + shortened);
    s->dead_at = now + *options_.max_lifetime;
  }
  enter(*s, slot_state::idle);
  settle_replaced(*s, fx);
  plan(now, fx);
  return true;
}

// The successor is there: the predecessor goes now, or when its borrower brings it back.
void ledger::settle_replaced(const slot& arrived, effects& fx) {
  slot* const old = find(arrived.replaces, arrived.replaces_serial);
  if (!old) return;
  old->replaced = true;
  if (old->state == slot_state::idle) discard(arrived.replaces, event_reason::lifetime, fx);
}

void ledger::unmark_replaced(const slot& failed) noexcept {
  if (slot* const old = find(failed.replaces, failed.replaces_serial)) old->replacing = false;
}

void ledger::note_failure(time_point now, std::uint64_t random) noexcept {
  const auto doubled = fill_pause * (1U << std::min(failures_, 10U));
  fill_not_before_ = now + spread(std::min<duration>(doubled, fill_pause_cap), random);
  ++failures_;
}

void ledger::connect_failed(std::uint32_t index, std::uint64_t serial, bool condemned,
                            time_point now, std::uint64_t random, effects& fx) {
  slot* const s = find(index, serial);
  if (!s) return;
  const bool current = s->generation == generation_ && state_ != pool_state::closed;
  ticket* const t = s->waiter;
  detach(*s);
  // Its own waiter is told last, after the close; meanwhile it must not be failed as one of many.
  const bool tell = t && state_ == pool_state::ready;
  if (tell) queue_.remove(*t);
  unmark_replaced(*s);
  if (current) note_failure(now, random);
  if (current && condemned) clear(now, false, fx);
  fx.publish(event_kind::connection_closed, s->connection, event_reason::error, now - s->began);
  free_slot(index);
  if (tell) fail(*t, refusal::connect_failed, now, fx);
  plan(now, fx);
}

// After a clear or at the close: nobody waits for these connects any more. Those that have begun
// are closed on arrival, or with `interrupt` count as closed from now on.
void ledger::drop_connects(bool interrupt, time_point now, effects& fx) {
  orphans_ = 0;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    slot& s = slots_[i];
    if (s.state != slot_state::reserved && s.state != slot_state::connecting) continue;
    ticket* const t = std::exchange(s.waiter, nullptr);
    if (t) t->connect = no_slot;
    if (s.state == slot_state::reserved) {
      free_slot(i);
    } else if (interrupt) {
      fx.publish(event_kind::connection_closed, s.connection, event_reason::stale, now - s.began);
      free_slot(i);
    }
    if (!t || state_ == pool_state::suspended) continue;
    queue_.remove(*t);
    fail(*t, state_ == pool_state::closed ? refusal::closed : refusal::cleared, now, fx);
  }
}

std::optional<hold> ledger::donate(time_point now, effects& fx) {
  if (state_ != pool_state::ready || free_.empty()) return std::nullopt;
  const std::uint32_t index = free_.back();
  free_.pop_back();
  slot& s = slots_[index];
  s = slot{};
  s.serial = next_serial_++;
  s.generation = generation_;
  s.began = now;
  s.connection = next_connection_++;
  ++orphans_;
  enter(s, slot_state::connecting);
  fx.publish(event_kind::connection_created, s.connection);
  return hold{index, s.serial, s.connection};
}

} // namespace holdfast::detail
