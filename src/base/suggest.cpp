#include "base/suggest.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace holdfast::detail {
namespace {

std::string normal(std::string_view text) {
  std::string out = lower(text);
  for (char& c : out)
    if (c == '-' || c == '.') c = '_';
  return out;
}

// Optimal string alignment: insert, delete, replace, and swap of neighbours cost one each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

} // namespace

std::string_view suggest(std::string_view written, std::span<const std::string_view> candidates) {
  if (written.size() > 100) return {}; // no typo; and the work is the product of the lengths
  const std::string meant = normal(written);
  std::string_view best;
  std::size_t least = std::string_view::npos;
  for (const auto candidate : candidates) {
    const std::size_t steps = distance(meant, normal(candidate));
    if (steps < least && steps < candidate.size() &&
        steps <= std::max<std::size_t>(1, candidate.size() / 3)) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view written, std::span<const std::string_view> candidates) {
  const auto best = suggest(written, candidates);
  if (best.empty()) return {};
  return "; did you mean " + std::string{best} + "?";
}

} // namespace holdfast::detail
