#include "sim/story/shrink.hpp"

#include <algorithm>

namespace holdfast::sim {

namespace {

using numbers = std::vector<std::uint32_t>;

numbers without(const numbers& all, std::size_t from, std::size_t count) {
  numbers left{all.begin(), all.begin() + static_cast<std::ptrdiff_t>(from)};
  left.insert(left.end(),
              all.begin() + static_cast<std::ptrdiff_t>(std::min(from + count, all.size())),
              all.end());
  return left;
}

} // namespace

numbers fewest(numbers all, const still_fails& fails, std::size_t tries) {
  std::size_t piece = all.size();
  while (piece > 0 && !all.empty()) {
    bool smaller = false;
    for (std::size_t at = 0; at < all.size();) {
      if (tries-- == 0) return all;
      numbers left = without(all, at, piece);
      if (!fails(left)) {
        at += piece;
        continue;
      }
      all = std::move(left);
      smaller = true;
    }
    // Single ones are tried again until none can go: one may have been held by another.
    if (piece > 1 || !smaller) piece /= 2;
  }
  return all;
}

std::uint32_t least(std::uint32_t lowest, std::uint32_t most,
                    const std::function<bool(std::uint32_t)>& fails) {
  while (lowest < most) {
    const std::uint32_t middle = lowest + (most - lowest) / 2;
    if (fails(middle))
      most = middle;
    else
      lowest = middle + 1;
  }
  return most;
}

} // namespace holdfast::sim
