// What `./run sim` was asked for.
#pragma once

#include "sim/story/plan.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace holdfast::sim {

struct wishes {
  const scenario* only = nullptr;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> seeds;
  std::optional<std::uint32_t> threads;
  // Parts of one story:
  std::optional<std::vector<std::uint32_t>> faults;
  std::optional<std::vector<std::uint32_t>> callers;
  std::optional<std::uint32_t> calls;
  std::uint64_t order = 0;
  bool list = false;
  bool help = false;

  [[nodiscard]] bool part() const { return faults || callers || calls || order != 0; }
};

/// What was asked for that there is not.
class wrong_usage : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

extern const std::string_view usage;

[[nodiscard]] wishes read_arguments(std::span<const std::string_view> words);

/// That part of the story which was asked for. Throws wrong_usage where the story has no such part.
[[nodiscard]] plan part_of(plan whole, const wishes& w);

} // namespace holdfast::sim
