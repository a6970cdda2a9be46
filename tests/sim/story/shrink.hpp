// Finds the least that still fails. Knows nothing of databases: a story is a list of numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace holdfast::sim {

/// True if it fails still with these left, and for the same reason.
using still_fails = std::function<bool(const std::vector<std::uint32_t>& left)>;

/// Leaves out halves, then quarters, and so on to single ones, until no single one can be left out
/// any more. `all` fails; at most `tries` are made.
[[nodiscard]] std::vector<std::uint32_t> fewest(std::vector<std::uint32_t> all,
                                                const still_fails& fails, std::size_t tries);

/// The least number from `least` to `most` that fails still, if what fails with one fails with each
/// greater one; else some number that fails. `most` fails.
[[nodiscard]] std::uint32_t least(std::uint32_t lowest, std::uint32_t most,
                                  const std::function<bool(std::uint32_t)>& fails);

} // namespace holdfast::sim
