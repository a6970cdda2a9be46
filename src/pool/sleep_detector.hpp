// Notices that the machine slept: CLOCK_BOOTTIME counts a suspended laptop's or VM's night,
// CLOCK_MONOTONIC does not. Connections that were idle across it are suspect; callers' deadlines
// are not touched.
#pragma once

#include <holdfast/time.hpp>

namespace holdfast::detail {

class sleep_detector {
public:
  /// Gaps up to `tolerance` are the two clocks read one after the other.
  explicit sleep_detector(duration tolerance = std::chrono::seconds{1}) noexcept
      : tolerance_{tolerance} {}

  /// True if the machine slept since the last call. `boot` is time since boot, sleep included.
  [[nodiscard]] bool slept(time_point monotonic, duration boot) noexcept {
    const duration ahead = boot - monotonic.time_since_epoch();
    const bool jumped = asked_ && ahead - ahead_ > tolerance_;
    ahead_ = ahead;
    asked_ = true;
    return jumped;
  }

private:
  duration tolerance_;
  duration ahead_{}; // of the last call
  bool asked_ = false;
};

} // namespace holdfast::detail
