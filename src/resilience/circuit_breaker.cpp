#include "resilience/breaker_core.hpp"
#include "resilience/violations.hpp"

#include <array>
#include <mutex>

namespace holdfast {

using detail::breaker_core;

struct circuit_breaker::state {
  state(const breaker_options& options, std::uint64_t seed, observer_ptr o, std::string db,
        std::string h)
      : events{std::move(o)}, database{std::move(db)}, host{std::move(h)},
        core{options, seed,
             [this](breaker_state, breaker_state to, time_point now) { tell(to, now); }} {}

  void tell(breaker_state to, time_point now) const noexcept;

  const observer_ptr events;
  const std::string database;
  const std::string host;
  mutable std::mutex mutex; // guards all below; observers are called under it, in order
  breaker_core core;
  std::int64_t pending_second = 0; // the whole number behind the 24 bits of `pending_`'s key
  const error* cause = nullptr;    // of the call being recorded
  errc last_failure = errc::internal_error;
};

void circuit_breaker::state::tell(breaker_state to, time_point now) const noexcept {
  if (!events) return;
  event e;
  switch (to) {
  case breaker_state::closed: e.kind = event_kind::breaker_closed; break;
  case breaker_state::open: e.kind = event_kind::breaker_opened; break;
  case breaker_state::half_open:
  case breaker_state::ramp: e.kind = event_kind::breaker_half_opened; break;
  case breaker_state::host_down: return; // the host monitor's event
  }
  e.at = now;
  e.database = database;
  e.host = host;
  e.failure = to == breaker_state::open ? cause : nullptr;
  events->on_event(e);
}

/// Takes what the fast path counted; until it publishes again, quick successes find their key gone
/// and queue up at the mutex.
class circuit_breaker::locked {
public:
  locked(const circuit_breaker& owner, time_point now) noexcept
      : owner_{owner}, state_{*owner.state_}, now_{now}, lock_{state_.mutex} {
    const auto held = owner_.pending_.exchange(0, std::memory_order_acq_rel);
    state_.core.fold_successes(held & count_mask, state_.pending_second);
  }
  locked(const locked&) = delete;
  locked& operator=(const locked&) = delete;
  ~locked() {
    const breaker_core& core = state_.core;
    const bool closed = core.shown() == breaker_state::closed;
    const gate how = core.passes_all() ? gate::pass : closed ? gate::counted : gate::slow;
    owner_.gate_.store(std::uint64_t{core.generation()} << 32 | static_cast<std::uint64_t>(how),
                       std::memory_order_release);
    if (!core.success_is_plain()) return;
    state_.pending_second = owner_.by_time_ ? detail::second_of(now_) : 0;
    owner_.pending_.store(key_of(core.generation(), state_.pending_second) << count_bits,
                          std::memory_order_release);
  }

private:
  const circuit_breaker& owner_;
  state& state_;
  const time_point now_;
  const std::scoped_lock<std::mutex> lock_;
};

namespace {

constexpr std::array<std::string_view, 5> state_names{"closed", "open", "half_open", "ramp",
                                                      "host_down"};

const breaker_options& valid(const breaker_options& options) {
  detail::throw_violations(validate(options));
  return options;
}

} // namespace

std::string_view to_string(breaker_state s) noexcept {
  return state_names[static_cast<std::size_t>(s)];
}

circuit_breaker::circuit_breaker(const breaker_options& options, std::uint64_t seed,
                                 observer_ptr events, std::string database, std::string host)
    : slow_after_{valid(options).slow_call_after},
      by_time_{options.window == breaker_options::window_kind::time},
      enough_{by_time_ ? count_mask : std::min<std::uint64_t>(options.window_calls, count_mask)},
      state_{std::make_unique<state>(options, seed, std::move(events), std::move(database),
                                     std::move(host))} {
  const locked use{*this, time_point{}};
}

circuit_breaker::~circuit_breaker() = default;

circuit_breaker::permit circuit_breaker::acquire_slowly(time_point now) noexcept {
  const locked use{*this, now};
  const detail::breaker_ticket t = state_->core.acquire(now);
  if (!t.admitted) return {};
  return permit{t.counted ? this : nullptr, t.generation, t.probe, now};
}

void circuit_breaker::record(std::uint32_t generation, bool failed, duration took, time_point now,
                             const error* cause) noexcept {
  const locked use{*this, now};
  if (cause) state_->last_failure = cause->code;
  state_->cause = cause;
  state_->core.record(generation, {failed, took >= slow_after_}, now);
  state_->cause = nullptr;
}

void circuit_breaker::abandon(std::uint32_t generation) noexcept {
  const std::scoped_lock lock{state_->mutex};
  state_->core.abandon(generation);
}

void circuit_breaker::host_down(time_point now) {
  const locked use{*this, now};
  state_->core.host_down(now);
}

void circuit_breaker::host_up(time_point now) {
  const locked use{*this, now};
  state_->core.host_up(now);
}

void circuit_breaker::set_mode(breaker_options::mode mode, time_point now) {
  const locked use{*this, now};
  state_->core.set_mode(mode, now);
}

breaker_snapshot circuit_breaker::snapshot(time_point now) const {
  const locked use{*this, now};
  return state_->core.snapshot(now);
}

error circuit_breaker::refusal(time_point now) const {
  breaker_snapshot s;
  errc last{};
  {
    const locked use{*this, now};
    s = state_->core.snapshot(now);
    last = state_->last_failure;
  }
  std::string why = "the circuit breaker";
  if (!state_->host.empty()) why += " of " + state_->host;
  if (s.mode == breaker_options::mode::forced_open) {
    why += " is forced open";
  } else {
    why += " is " + std::string{to_string(s.state)};
    if (last != errc::internal_error) why += "; last failure: " + std::string{to_string(last)};
  }
  error e = make_error(errc::circuit_open, std::move(why));
  e.where.database = state_->database;
  e.where.host = state_->host;
  if (s.open_for > duration::zero()) e.retry_after = s.open_for;
  return e;
}

} // namespace holdfast
