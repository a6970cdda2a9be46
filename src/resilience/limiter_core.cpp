#include "resilience/limiter_core.hpp"

#include <holdfast/median_estimate.hpp>

#include <algorithm>

namespace holdfast::detail {

namespace {
constexpr duration::rep long_term_parts = 32; // the long-term median moves by 3 % a round at most
// Begin low: what the first rounds see becomes "normal", so it must not be a server under full
// load.
constexpr double begin_share = 0.25;
} // namespace

limiter_core::limiter_core(const limiter_options& options) noexcept
    : options_{options}, limit_{std::max(static_cast<double>(options.floor),
                                         begin_share * static_cast<double>(options.ceiling))} {}

void limiter_core::sample(duration took, bool timed_out, std::uint32_t in_use) noexcept {
  most_in_use_ = std::max(most_in_use_, in_use);
  if (timed_out && !timed_out_) shrink();
  timed_out_ = timed_out_ || timed_out;
  round_[filled_++] = took;
  if (filled_ == round_samples) finish_round();
}

void limiter_core::finish_round() noexcept {
  const auto middle = round_.begin() + round_samples / 2;
  std::nth_element(round_.begin(), middle, round_.end());
  const duration median = *middle;
  const bool congested = long_term_ > duration::zero() &&
                         static_cast<double>(median.count()) >
                             options_.tolerance * static_cast<double>(long_term_.count());
  // A timeout has shrunk the limit in this round already; once is enough.
  if (congested && !timed_out_) shrink();
  // A limit that is not reached has not been tested: growing it would mean nothing.
  if (!congested && !timed_out_ && most_in_use_ * 2 >= limit()) grow();
  // Latency that our own load causes must not become normal; only rounds that did not press the
  // server may raise the long-term median.
  const bool relaxed = most_in_use_ * 2 <= limit() || limit() == options_.floor;
  if (median < long_term_ || relaxed || long_term_ == duration::zero())
    long_term_ = median_step(long_term_, median, long_term_parts);
  filled_ = 0;
  most_in_use_ = 0;
  timed_out_ = false;
}

void limiter_core::shrink() noexcept {
  limit_ = std::max(static_cast<double>(options_.floor), limit_ * options_.decrease);
}

void limiter_core::grow() noexcept {
  limit_ = std::min(static_cast<double>(options_.ceiling), limit_ + 1.0);
}

} // namespace holdfast::detail
