#pragma once

#include <cstdint>

namespace holdfast::chaos {

/// The nth random number of one rule on one connection: a function of its arguments alone, so that
/// a seed gives the same faults however the connections interleave.
class chance {
public:
  chance(std::uint64_t seed, std::uint64_t connection, std::uint64_t rule) noexcept
      : state_{mix(mix(seed + 1) ^ mix(connection << 32U ^ rule))} {}

  [[nodiscard]] std::uint64_t next() noexcept { return mix(state_ += 0x9e3779b97f4a7c15U); }
  /// In [0, 1).
  [[nodiscard]] double share() noexcept { return static_cast<double>(next() >> 11U) * 0x1p-53; }

private:
  // splitmix64
  static std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ x >> 30U) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27U) * 0x94d049bb133111ebU;
    return x ^ x >> 31U;
  }
  std::uint64_t state_;
};

} // namespace holdfast::chaos
