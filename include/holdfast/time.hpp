#pragma once

#include <algorithm>
#include <chrono>

namespace holdfast {

/// All waits use the steady clock; wall-clock jumps never change a deadline.
using clock = std::chrono::steady_clock;
using duration = std::chrono::nanoseconds;
using time_point = std::chrono::time_point<clock, duration>;

/// The moment by which something must have ended. Always finite: there is no "never", and zero
/// means "at once", not "forever".
class deadline {
public:
  constexpr explicit deadline(time_point at) noexcept : at_{at} {}

  /// `now + limit`, saturating instead of overflowing.
  [[nodiscard]] static constexpr deadline after(time_point now, duration limit) noexcept {
    return deadline{limit > time_point::max() - now ? time_point::max() : now + limit};
  }

  [[nodiscard]] constexpr time_point at() const noexcept { return at_; }
  [[nodiscard]] constexpr bool expired(time_point now) const noexcept { return now >= at_; }

  /// What is left, never negative.
  [[nodiscard]] constexpr duration remaining(time_point now) const noexcept {
    return std::max(duration::zero(), at_ - now);
  }

  friend constexpr auto operator<=>(deadline, deadline) noexcept = default;

private:
  time_point at_;
};

[[nodiscard]] constexpr deadline earliest(deadline a, deadline b) noexcept { return a < b ? a : b; }

} // namespace holdfast
