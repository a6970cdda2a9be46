// How long to wait between two looks at a host that somebody waits for.
#pragma once

#include <holdfast/time.hpp>

#include <chrono>
#include <cstdint>

namespace holdfast::detail {

/// From 10 ms doubling to 150 ms, then × U(0.75, 1): processes that lost one server spread out.
/// First success within 250 ms of the server accepting again: a cap of 5 s gives a median of 1.7 s.
[[nodiscard]] inline duration probe_pause(std::uint32_t number, std::uint64_t random) noexcept {
  constexpr duration first = std::chrono::milliseconds{10};
  constexpr duration longest = std::chrono::milliseconds{150};
  const duration d = number < 4 ? first * (1 << number) : longest;
  const auto spread = static_cast<duration::rep>(random % 1024);
  return d - d * spread / 4096;
}

} // namespace holdfast::detail
