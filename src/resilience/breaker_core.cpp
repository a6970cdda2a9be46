#include "resilience/breaker_core.hpp"

#include <holdfast/backoff.hpp>

#include <algorithm>

namespace holdfast::detail {

namespace {
constexpr double ramp_begin = 0.1;
constexpr double open_jitter = 0.25; // upwards only: never shorter than promised
} // namespace

breaker_core::breaker_core(const breaker_options& options, std::uint64_t seed, listener on_change)
    : options_{options}, on_change_{std::move(on_change)}, window_{options},
      mode_{options.start_as}, random_{seed} {}

breaker_state breaker_core::shown() const noexcept {
  if (mode_ == mode::forced_open) return breaker_state::open;
  if (mode_ == mode::forced_closed || mode_ == mode::disabled) return breaker_state::closed;
  return state_;
}

bool breaker_core::passes_all() const noexcept {
  if (mode_ == mode::forced_closed || mode_ == mode::disabled) return true;
  return mode_ != mode::forced_open && state_ == breaker_state::host_down;
}

bool breaker_core::success_is_plain() const noexcept {
  if (state_ != breaker_state::closed) return false;
  if (mode_ != mode::automatic && mode_ != mode::metrics_only) return false;
  const window_totals& t = window_.totals();
  return t.calls >= options_.minimum_calls || (t.failures == 0 && t.slow == 0);
}

breaker_ticket breaker_core::acquire(time_point now) {
  const breaker_ticket pass{true, false, false, generation_};
  if (mode_ == mode::forced_open) return {};
  if (passes_all()) return pass;
  const breaker_ticket t = decide(now);
  return mode_ == mode::metrics_only && !t.admitted ? pass : t;
}

breaker_ticket breaker_core::decide(time_point now) {
  if (state_ == breaker_state::open && now >= open_until_) move_to(breaker_state::half_open, now);
  if (state_ == breaker_state::ramp) finish_ramp(now);
  switch (state_) {
  case breaker_state::closed: return {true, true, false, generation_};
  case breaker_state::half_open: return probe(now);
  case breaker_state::ramp:
    if (ramp_admits(now)) return {true, true, false, generation_};
    return {};
  case breaker_state::open:
  case breaker_state::host_down: break;
  }
  return {};
}

breaker_ticket breaker_core::probe(time_point now) {
  const std::uint64_t taken = probes_out_ + probed_.calls;
  if (taken >= options_.half_open_probes) {
    // A probe that never comes back is written off; should it come back, it is of the past.
    if (probes_out_ == 0 || now - last_probe_ < open_time_) return {};
    ++generation_;
    probes_out_ = 0;
  }
  ++probes_out_;
  last_probe_ = now;
  return {true, true, true, generation_};
}

/// Every call adds the present share to a credit and takes a whole one when there is one: the share
/// admitted follows the ramp exactly, without chance.
bool breaker_core::ramp_admits(time_point now) noexcept {
  const double passed =
      static_cast<double>((now - ramp_start_).count()) / static_cast<double>(options_.ramp.count());
  ramp_credit_ += ramp_begin + (1.0 - ramp_begin) * std::clamp(passed, 0.0, 1.0);
  if (ramp_credit_ < 1.0) return false;
  ramp_credit_ -= 1.0;
  return true;
}

void breaker_core::finish_ramp(time_point now) {
  if (now - ramp_start_ >= options_.ramp) move_to(breaker_state::closed, now);
}

void breaker_core::record(std::uint32_t generation, outcome o, time_point now) {
  if (generation != generation_) return;
  if (state_ == breaker_state::half_open) return record_probe(o, now);
  if (state_ != breaker_state::closed && state_ != breaker_state::ramp) return;
  window_.add(o, second_of(now));
  if (unhealthy()) return open(now);
  if (state_ == breaker_state::ramp) finish_ramp(now);
}

void breaker_core::record_probe(outcome o, time_point now) {
  if (probes_out_ > 0) --probes_out_;
  ++probed_.calls;
  probed_.failures += o.failed ? 1U : 0U;
  probed_.slow += o.slow ? 1U : 0U;
  const double probes = options_.half_open_probes;
  if (static_cast<double>(probed_.failures) >= options_.failure_rate_threshold * probes ||
      static_cast<double>(probed_.slow) >= options_.slow_call_rate_threshold * probes)
    return open(now);
  if (probed_.calls >= options_.half_open_probes) move_to(breaker_state::ramp, now);
}

void breaker_core::fold_successes(std::uint64_t count, std::int64_t second) noexcept {
  if (count > 0) window_.add_successes(count, second);
}

void breaker_core::abandon(std::uint32_t generation) noexcept {
  if (generation == generation_ && probes_out_ > 0) --probes_out_;
}

bool breaker_core::unhealthy() const noexcept {
  const window_totals& t = window_.totals();
  return t.calls >= options_.minimum_calls &&
         (t.failure_rate() >= options_.failure_rate_threshold ||
          t.slow_rate() >= options_.slow_call_rate_threshold);
}

void breaker_core::open(time_point now) {
  ++opens_;
  const backoff_options doubling{options_.open_for, options_.max_open_for, 2.0, jitter::none};
  const duration plain = backoff_delay(doubling, opens_, duration::zero(), 0);
  const auto extra = static_cast<double>(plain.count()) * open_jitter * random_unit();
  open_time_ = plain + duration{static_cast<duration::rep>(extra)};
  open_until_ = now + open_time_;
  move_to(breaker_state::open, now);
}

/// From ramp to closed the generation and its window go on: it is the same healthy era.
void breaker_core::move_to(breaker_state next, time_point now) {
  const breaker_state before = shown();
  const bool same_era = state_ == breaker_state::ramp && next == breaker_state::closed;
  state_ = next;
  if (next == breaker_state::closed) opens_ = 0;
  if (!same_era) {
    ++generation_;
    window_.clear();
  }
  probes_out_ = 0;
  probed_ = {};
  ramp_start_ = now;
  ramp_credit_ = 1.0 - ramp_begin; // the first caller passes
  announce(before, now);
}

void breaker_core::announce(breaker_state before, time_point now) {
  if (on_change_ && shown() != before) on_change_(before, shown(), now);
}

void breaker_core::host_down(time_point now) {
  if (state_ != breaker_state::host_down) move_to(breaker_state::host_down, now);
}

void breaker_core::host_up(time_point now) {
  // After an outage the pool starts slowly: a ramp on top would refuse whom it could serve.
  if (state_ == breaker_state::host_down)
    move_to(breaker_state::closed, now);
  else if (state_ != breaker_state::closed && state_ != breaker_state::ramp)
    move_to(breaker_state::ramp, now);
}

void breaker_core::set_mode(mode m, time_point now) {
  // Also when the mode is the same: whoever resets a database wants its open breaker closed.
  const breaker_state before = shown();
  mode_ = m;
  if (state_ != breaker_state::host_down) state_ = breaker_state::closed;
  ++generation_;
  opens_ = 0;
  window_.clear();
  announce(before, now);
}

breaker_snapshot breaker_core::snapshot(time_point now) {
  window_.advance(second_of(now));
  const window_totals& t = window_.totals();
  breaker_snapshot s{shown(), mode_, t.calls, t.failure_rate(), t.slow_rate(), duration::zero()};
  if (s.state == breaker_state::open && mode_ != mode::forced_open)
    s.open_for = std::max(duration::zero(), open_until_ - now);
  return s;
}

double breaker_core::random_unit() noexcept { // splitmix64
  std::uint64_t z = random_ += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return unit_interval(z ^ (z >> 31));
}

} // namespace holdfast::detail
