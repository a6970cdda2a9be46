// The breaker as a state machine: time is an argument, one thread, no lock.
#pragma once

#include "resilience/breaker_window.hpp"

#include <holdfast/circuit_breaker.hpp>

#include <functional>

namespace holdfast::detail {

struct breaker_ticket {
  bool admitted = false;
  bool counted = false; ///< its result is wanted
  bool probe = false;   ///< it holds a place that must be given back
  std::uint32_t generation = 0;
};

class breaker_core {
public:
  using mode = breaker_options::mode;
  using listener = std::function<void(breaker_state from, breaker_state to, time_point now)>;

  breaker_core(const breaker_options& options, std::uint64_t seed, listener on_change);

  [[nodiscard]] breaker_ticket acquire(time_point now);
  /// The result of a counted ticket. Those of an earlier generation are discarded.
  void record(std::uint32_t generation, outcome o, time_point now);
  /// Quick successes of the present generation while closed, counted elsewhere.
  void fold_successes(std::uint64_t count, std::int64_t second) noexcept;
  /// A probe that ended without a result.
  void abandon(std::uint32_t generation) noexcept;

  void host_down(time_point now);
  void host_up(time_point now);
  void set_mode(mode m, time_point now);

  /// What callers meet: a forced mode hides the machine's own state.
  [[nodiscard]] breaker_state shown() const noexcept;
  [[nodiscard]] breaker_snapshot snapshot(time_point now);
  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }
  /// All callers pass and nothing is counted.
  [[nodiscard]] bool passes_all() const noexcept;
  /// Closed, and a success now could not open it.
  [[nodiscard]] bool success_is_plain() const noexcept;

private:
  [[nodiscard]] breaker_ticket decide(time_point now);
  [[nodiscard]] breaker_ticket probe(time_point now);
  [[nodiscard]] bool ramp_admits(time_point now) noexcept;
  void record_probe(outcome o, time_point now);
  void finish_ramp(time_point now);
  [[nodiscard]] bool unhealthy() const noexcept;
  void open(time_point now);
  void move_to(breaker_state next, time_point now);
  void announce(breaker_state before, time_point now);
  [[nodiscard]] double random_unit() noexcept;

  const breaker_options options_;
  const listener on_change_;
  breaker_window window_;
  mode mode_;
  breaker_state state_ = breaker_state::closed;
  std::uint32_t generation_ = 1;
  std::uint64_t random_;
  // open
  std::uint32_t opens_ = 0; // since last closed; doubles the open time
  time_point open_until_{};
  duration open_time_{};
  // half open
  std::uint32_t probes_out_ = 0;
  window_totals probed_;
  time_point last_probe_{};
  // ramp
  time_point ramp_start_{};
  double ramp_credit_ = 0;
};

} // namespace holdfast::detail
