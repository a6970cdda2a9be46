#pragma once

#include <holdfast/resilience_options.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <optional>

namespace holdfast {

/// How long to wait before retry `retry_number` (1 is the first retry). Pure.
///
/// `min(cap, base × factor^(n-1))`, then jitter: clamping after the jitter would put most late
/// retries of all clients on the same instant, the cap. So `proportional` may exceed the cap by
/// half of it; no other strategy exceeds it.
///
/// `previous` is the delay before the retry before this one (zero if none); `decorrelated` alone
/// uses it. `random` is 64 uniform bits. `at_least` is the server's own word: a floor, above the
/// cap too, spread upwards by at most a tenth so that not everybody comes back at the same moment.
[[nodiscard]] duration backoff_delay(const backoff_options& options, std::uint32_t retry_number,
                                     duration previous, std::uint64_t random,
                                     std::optional<duration> at_least = std::nullopt) noexcept;

/// The same without jitter or floor: what `max_retries` delays add up to, saturating.
[[nodiscard]] duration backoff_total(const backoff_options& options,
                                     std::uint32_t retries) noexcept;

/// 64 random bits as a number in [0, 1).
[[nodiscard]] constexpr double unit_interval(std::uint64_t random) noexcept {
  return static_cast<double>(random >> 11) * 0x1p-53;
}

} // namespace holdfast
