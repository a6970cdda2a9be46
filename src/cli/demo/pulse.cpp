#include "cli/demo/pulse.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::cli::demo {

duration percentile(std::vector<duration>& values, double share) {
  if (values.empty()) return duration::zero();
  const auto rank = std::ceil(share * static_cast<double>(values.size()));
  const auto at = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::min(at, values.size() - 1));
  std::ranges::nth_element(values, nth);
  return *nth;
}

} // namespace holdfast::cli::demo
