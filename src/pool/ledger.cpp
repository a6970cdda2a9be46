#include "pool/ledger.hpp"

#include <algorithm>

namespace holdfast::detail {

ledger::ledger(const pool_options& options, ledger_traits traits)
    : options_{options}, traits_{traits}, slots_(options.max_size), idle_{slots_},
      lease_limit_{options.max_size} {
  free_.reserve(options.max_size);
  for (std::uint32_t i = options.max_size; i > 0; --i) free_.push_back(i - 1);
  counts_[static_cast<std::size_t>(slot_state::free)] = options.max_size;
}

void ledger::ready(time_point now, effects& fx) {
  if (state_ != pool_state::paused) return;
  state_ = pool_state::ready;
  fx.publish(event_kind::pool_ready);
  failures_ = 0;
  fill_not_before_ = now;
  if (after_outage_ && options_.slow_start && options_.max_size > 1) {
    admission_ = 1;
    admission_step_ = now;
  }
  after_outage_ = false;
  plan(now, fx);
}

void ledger::clear(time_point now, bool interrupt, effects& fx) {
  if (state_ == pool_state::closed) return;
  ++generation_;
  if (state_ == pool_state::paused) return;
  fx.publish(event_kind::pool_cleared, 0,
             interrupt ? event_reason::interrupted : event_reason::none);
  after_outage_ = true;
  admission_.reset();
  if (state_ == pool_state::ready) {
    state_ = pool_state::paused;
    fail_waiters(refusal::cleared, !interrupt, now, fx);
  }
  while (idle_.size() > 0) discard(idle_.oldest(), event_reason::stale, fx);
  drop_connects(interrupt, now, fx);
  if (!interrupt || !traits_.can_interrupt) return;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != slot_state::leased && slots_[i].state != slot_state::checking) continue;
    fx.act(effect::what::interrupt, i, slots_[i].serial);
    fx.publish(event_kind::connection_closed, slots_[i].connection, event_reason::stale);
    free_slot(i);
  }
}

void ledger::suspend(effects& fx) {
  if (state_ != pool_state::ready && state_ != pool_state::paused) return;
  state_ = pool_state::suspended;
  fx.publish(event_kind::pool_suspended);
}

void ledger::resume(time_point now, effects& fx) {
  if (state_ != pool_state::suspended) return;
  state_ = pool_state::ready;
  fx.publish(event_kind::pool_resumed);
  after_outage_ = false;
  plan(now, fx);
}

void ledger::close(time_point now, effects& fx) {
  if (state_ == pool_state::closed) return;
  state_ = pool_state::closed;
  fail_waiters(refusal::closed, true, now, fx);
  while (idle_.size() > 0) discard(idle_.oldest(), event_reason::pool_closed, fx);
  drop_connects(false, now, fx);
  fx.publish(event_kind::pool_closed);
}

void ledger::suspect_idle() noexcept {
  for (std::uint32_t i = idle_.newest(); i != no_slot; i = slots_[i].older)
    slots_[i].suspect = true;
}

void ledger::set_lease_limit(std::uint32_t limit, time_point now, effects& fx) {
  lease_limit_ = std::min(limit, options_.max_size);
  plan(now, fx);
}

[[gnu::hot]] std::uint32_t ledger::limit() const noexcept {
  return admission_ ? std::min(*admission_, lease_limit_) : lease_limit_;
}

[[gnu::hot]] std::uint32_t ledger::size() const noexcept {
  return static_cast<std::uint32_t>(slots_.size() - free_.size());
}

[[gnu::hot]] bool ledger::expired(const slot& s, time_point now) const noexcept {
  return options_.idle_timeout && now - s.used > *options_.idle_timeout;
}

[[gnu::hot]] slot* ledger::find(std::uint32_t index, std::uint64_t serial) noexcept {
  if (index >= slots_.size()) return nullptr;
  slot& s = slots_[index];
  return s.serial == serial && s.state != slot_state::free ? &s : nullptr;
}

[[gnu::hot]] void ledger::enter(slot& s, slot_state to) noexcept {
  --counts_[static_cast<std::size_t>(s.state)];
  ++counts_[static_cast<std::size_t>(to)];
  if (s.state == slot_state::idle) idle_.remove(static_cast<std::uint32_t>(&s - slots_.data()));
  s.state = to;
  if (to == slot_state::idle) idle_.insert(static_cast<std::uint32_t>(&s - slots_.data()));
}

void ledger::free_slot(std::uint32_t index) noexcept {
  enter(slots_[index], slot_state::free);
  free_.push_back(index);
}

void ledger::discard(std::uint32_t index, event_reason why, effects& fx) {
  fx.publish(event_kind::connection_closed, slots_[index].connection, why);
  fx.act(effect::what::close, index, slots_[index].serial);
  free_slot(index);
}

pool_snapshot ledger::numbers(time_point now) const {
  pool_snapshot n;
  n.state = state_;
  n.min_size = options_.min_size;
  n.max_size = options_.max_size;
  n.idle = idle_.size();
  n.in_use = in_use();
  n.connecting = connecting();
  n.tending = count(slot_state::tending);
  n.waiting = queue_.size();
  n.lease_limit = limit();
  n.generation = generation_;
  if (!queue_.empty()) n.oldest_wait = std::max(duration{}, now - queue_.oldest());
  return n;
}

} // namespace holdfast::detail
