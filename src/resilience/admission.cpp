#include <holdfast/admission.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>

namespace holdfast {
namespace {

using verdict = admission_answer::verdict;

std::uint64_t ahead_of(const admission_question& q) noexcept {
  std::uint64_t ahead = 0;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(q.who); ++i) ahead += q.waiting[i];
  return ahead;
}

/// `places` finish one each per service time, so a place falls free every service / places.
duration wait_behind(std::uint64_t ahead, const admission_question& q) noexcept {
  const auto each =
      static_cast<double>(q.median_service.count()) / static_cast<double>(std::max(1U, q.places));
  const double ns = each * static_cast<double>(ahead + 1);
  constexpr auto most = static_cast<double>(std::numeric_limits<duration::rep>::max() / 2);
  return duration{static_cast<duration::rep>(std::min(ns, most))};
}

} // namespace

std::uint32_t queue_share(priority who, std::uint32_t queue_limit) noexcept {
  if (who == priority::critical || queue_limit == 0) return queue_limit;
  const std::uint64_t tenths = who == priority::normal ? 9 : 5;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, queue_limit * tenths / 10));
}

admission_answer decide_admission(const admission_question& q) noexcept {
  const std::uint64_t ahead = ahead_of(q);
  if (ahead < q.free) return {};
  const std::uint64_t queued = std::uint64_t{q.waiting[0]} + q.waiting[1] + q.waiting[2];
  const duration wait = wait_behind(ahead - q.free, q);
  if (queued >= queue_share(q.who, q.queue_limit)) return {verdict::queue_full, wait};
  if (wait + q.median_service > q.remaining) return {verdict::too_late, wait};
  return {verdict::admit, wait};
}

} // namespace holdfast
