// Refuse now who cannot be served in time? Pure.
#pragma once

#include <holdfast/time.hpp>

#include <cstdint>

namespace holdfast::detail {

/// A wait queue, as the newest arrival sees it.
struct admission_question {
  duration remaining{};      ///< until the arrival's wait has to end
  duration median_use{};     ///< how long a place is usually used; zero: not known
  std::uint32_t places = 1;  ///< leases that may be out at once; all of them are
  std::uint32_t waiting = 0; ///< who is served before the arrival
};

/// How long the arrival waits at the least. Doubts are decided in its favour: every place may fall
/// free at once, so the first `places` waiters are not counted; and half of all uses take at least
/// the median, so that on average they take at least half of it.
[[nodiscard]] duration shortest_wait(const admission_question& q) noexcept;

[[nodiscard]] inline bool can_be_in_time(const admission_question& q) noexcept {
  return shortest_wait(q) <= q.remaining;
}

} // namespace holdfast::detail
