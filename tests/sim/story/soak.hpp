// Plays many seeds, on as many threads as there are processors: a story has a world of its own.
#pragma once

#include "sim/story/plan.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::sim {

struct soak {
  const scenario* only = nullptr; ///< null: each seed has one of all
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1;
  std::uint32_t threads = 1;
};

struct tally {
  std::uint64_t stories = 0;
  std::uint64_t calls = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unsure = 0;
  std::uint64_t times_open = 0; ///< breakers were opened
  std::uint64_t faults = 0;     ///< that found something to strike
  std::uint64_t steps = 0;
  duration simulated{};
  duration took{};              ///< of real time
  std::optional<plan> broken{}; ///< the first seed's among those that were
  ending end{};                 ///< of that story
};

[[nodiscard]] plan story_of(const scenario* only, std::uint64_t seed);

/// Stops at a broken story. Should a story end the process, its seed is on standard error.
[[nodiscard]] tally run(const soak& what);

/// The line of verdict.
[[nodiscard]] std::string verdict(const tally& t, std::uint32_t threads);

} // namespace holdfast::sim
