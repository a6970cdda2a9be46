#include "cli/demo/ledger.hpp"

#include <algorithm>

namespace holdfast::cli {

double quantile(const std::vector<ledger>& books, double q) {
  std::vector<float> all;
  for (const ledger& l : books) all.insert(all.end(), l.milliseconds.begin(), l.milliseconds.end());
  if (all.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(q * static_cast<double>(all.size() - 1));
  std::ranges::nth_element(all, all.begin() + rank);
  return static_cast<double>(all[static_cast<std::size_t>(rank)]);
}

} // namespace holdfast::cli
