#include "pool/admission.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::detail {

duration shortest_wait(const admission_question& q) noexcept {
  if (q.waiting < q.places || q.places == 0) return duration::zero();
  const double rounds = static_cast<double>(q.waiting + 1 - q.places) / q.places;
  const double ns = rounds * static_cast<double>(q.median_use.count()) / 2;
  constexpr auto most = static_cast<double>(std::numeric_limits<duration::rep>::max()) / 2;
  return duration{static_cast<duration::rep>(std::min(ns, most))};
}

} // namespace holdfast::detail
