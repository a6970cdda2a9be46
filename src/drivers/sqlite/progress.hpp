// What a blocking piece of work says to the coroutine that drives it, and how long to wait between
// looks at a lock.
#pragma once

#include <holdfast/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace holdfast::drivers::sqlite {

enum class progress : std::uint8_t {
  done,
  more, ///< call again at once: a chunk of rows is through
  busy, ///< call again later: another connection holds the lock
};

/// The wait before look number `attempt` (from 0) at a lock held elsewhere: evenly spread between
/// 1 ms and a ceiling of 2, 4, 8, 16, 25 ms, so that a short lock costs little and many waiters do
/// not look in step.
[[nodiscard]] constexpr duration poll_delay(std::uint32_t attempt, std::uint64_t random) noexcept {
  using std::chrono::milliseconds;
  constexpr duration floor = milliseconds{1};
  const duration ceiling =
      attempt >= 4 ? milliseconds{25} : milliseconds{std::int64_t{2} << attempt};
  const auto span = static_cast<std::uint64_t>((ceiling - floor).count()) + 1;
  return floor + duration{static_cast<std::int64_t>(random % span)};
}

} // namespace holdfast::drivers::sqlite
