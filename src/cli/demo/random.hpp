// Seeded randomness that is the same on every machine, unlike the standard's distributions.
#pragma once

#include <cstdint>

namespace holdfast::cli::demo {

/// SplitMix64.
class random_source {
public:
  explicit random_source(std::uint64_t seed) noexcept : state_{seed} {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// From `low` to `high`, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(next() % span);
  }
  bool one_in(std::uint64_t n) noexcept { return next() % n == 0; }

private:
  std::uint64_t state_;
};

} // namespace holdfast::cli::demo
