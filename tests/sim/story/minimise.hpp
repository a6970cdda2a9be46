// From a story that broke a promise to the smallest one that still breaks it.
#pragma once

#include "sim/story/plan.hpp"

#include <cstddef>
#include <string>

namespace holdfast::sim {

struct small_story {
  plan story;
  ending end;
  std::size_t plays = 0; ///< that it took
};

/// `p` ended as `first`, broken. What is left out changes what is ready when, so each candidate is
/// tried in a few orders.
[[nodiscard]] small_story minimise(const plan& p, const ending& first);

/// What was broken, by what, and how to see it again.
[[nodiscard]] std::string report(const plan& whole, const small_story& small);

} // namespace holdfast::sim
