// The ledger's part about time passing: idle and lifetime limits, keepalive, leaks, slow start.
#include "pool/ledger.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace holdfast::detail {
namespace {
// A lease that is held long must not hold up the ramp: it also grows with time.
constexpr duration slow_start_step = std::chrono::milliseconds{100};
} // namespace

bool ledger::tended(std::uint32_t index, std::uint64_t serial, tending care, bool well,
                    time_point now, effects& fx) {
  slot* const s = find(index, serial);
  if (!s || s->state != slot_state::tending) return false;
  event_reason out = verdict_on(*s, now);
  if (out == event_reason::none && !well)
    out = care == tending::ping ? event_reason::validation : event_reason::error;
  if (out != event_reason::none) {
    discard(index, out, fx);
  } else {
    s->proved = now;
    s->suspect = false;
    enter(*s, slot_state::idle);
    replace_ahead(index, now, fx);
  }
  plan(now, fx);
  return true;
}

void ledger::upkeep(time_point now, effects& fx) {
  if (state_ == pool_state::closed) return;
  if (options_.maintenance_interval) upkeep_at_ = now + *options_.maintenance_interval;
  tell_leaks(now, fx);
  if (state_ == pool_state::paused) return;
  close_expired(now, fx);
  retire_idle(now, fx);
  keep_alive(now, fx);
  ramp_up(now);
  plan(now, fx);
}

time_point ledger::next_upkeep(time_point now) const noexcept {
  time_point next = std::max(now, upkeep_at_);
  if (admission_) next = std::min(next, admission_step_ + slow_start_step);
  return next;
}

void ledger::close_expired(time_point now, effects& fx) {
  while (idle_.size() > 0 && size() > options_.min_size && expired(slots_[idle_.oldest()], now))
    discard(idle_.oldest(), event_reason::idle, fx);
}

void ledger::retire_idle(time_point now, effects& fx) {
  for (std::uint32_t i = idle_.newest(); i != no_slot;) {
    const std::uint32_t older = slots_[i].older;
    if (now >= slots_[i].dead_at) {
      retire(i, event_reason::lifetime, now, fx);
    } else {
      replace_ahead(i, now, fx);
    }
    i = older;
  }
}

// Near the end of its life an idle connection gets a successor first, and goes when that has come;
// in a full pool it goes first.
[[gnu::hot]] void ledger::replace_ahead(std::uint32_t index, time_point now, effects& fx) {
  slot& s = slots_[index];
  if (now < s.retire_at || s.replacing || state_ != pool_state::ready) return;
  if (now < fill_not_before_ || connecting() >= options_.max_connecting) return;
  if (!free_.empty()) {
    s.replacing = true;
    const std::uint64_t serial = s.serial;
    slot& successor = slots_[reserve(purpose::replace, nullptr, now, fx)]; // never moves `s`
    successor.replaces = index;
    successor.replaces_serial = serial;
  } else {
    retire(index, event_reason::lifetime, now, fx);
  }
}

// Closes; what ends by age alone leaves a successor, so that no caller has to wait for one.
void ledger::retire(std::uint32_t index, event_reason why, time_point now, effects& fx) {
  const bool succeeded = slots_[index].replacing || slots_[index].replaced;
  discard(index, why, fx);
  if (why == event_reason::lifetime && !succeeded && may_connect())
    reserve(purpose::replace, nullptr, now, fx);
}

void ledger::retire_all(time_point now, effects& fx) {
  // Those on their way, too, may have been opened with what is now out of date.
  retire_if([](std::uint32_t) { return true; }, now, fx);
}

void ledger::retire_if(const std::function<bool(std::uint32_t)>& which, time_point now,
                       effects& fx) {
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].state != slot_state::free && which(i))
      slots_[i].retire_at = std::min(slots_[i].retire_at, now);
  if (state_ == pool_state::ready || state_ == pool_state::suspended) retire_idle(now, fx);
  plan(now, fx);
}

void ledger::tell_leaks(time_point now, effects& fx) {
  if (!options_.leak_after) return;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    slot& s = slots_[i];
    if (s.state != slot_state::leased || s.leak_told || now - s.began < *options_.leak_after)
      continue;
    s.leak_told = true;
    fx.publish(event_kind::leak_suspected, s.connection, event_reason::none, now - s.began, i);
  }
}

void ledger::keep_alive(time_point now, effects& fx) {
  if (!options_.keepalive) return;
  for (std::uint32_t i = idle_.newest(); i != no_slot;) {
    const std::uint32_t older = slots_[i].older;
    slot& s = slots_[i];
    if (now - std::max(s.used, s.proved) >= *options_.keepalive) {
      enter(s, slot_state::tending);
      fx.act(effect::what::tend, i, s.serial, tending::ping);
    }
    i = older;
  }
}

void ledger::ramp_up(time_point now) noexcept {
  if (!admission_ || now < admission_step_ + slow_start_step) return;
  admission_step_ = now;
  admission_ = *admission_ * 2;
  if (*admission_ >= options_.max_size) admission_.reset();
}

void ledger::check() const {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::logic_error{std::string{"pool ledger: "} + what};
  };
  decltype(counts_) counts{};
  std::uint32_t orphans = 0;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    const slot& s = slots_[i];
    const bool opening = s.state == slot_state::reserved || s.state == slot_state::connecting;
    ++counts[static_cast<std::size_t>(s.state)];
    orphans += opening && !s.waiter && s.generation == generation_ && state_ != pool_state::closed;
    require(!s.waiter || (opening && s.waiter->connect == i), "a connect and its waiter disagree");
    require(s.state != slot_state::idle || s.generation == generation_, "an idle stale connection");
  }
  require(counts == counts_, "counts");
  require(count(slot_state::idle) == idle_.size() && count(slot_state::free) == free_.size() &&
              orphans == orphans_,
          "lists");
  require(connecting() <= options_.max_connecting, "more connects than max_connecting");
  require(queue_.empty() || state_ == pool_state::ready || state_ == pool_state::suspended,
          "waiters in a pool that refuses them");
  require(state_ != pool_state::ready || queue_.empty() || idle_.size() == 0 || in_use() >= limit(),
          "somebody waits beside an idle connection");
  require(state_ != pool_state::ready || !first_unserved() || !may_connect(),
          "somebody waits and no connect was started");
}

} // namespace holdfast::detail
