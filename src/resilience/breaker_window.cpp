#include "resilience/breaker_window.hpp"

#include <algorithm>

namespace holdfast::detail {

breaker_window::breaker_window(const breaker_options& options)
    : by_time_{options.window == breaker_options::window_kind::time} {
  if (by_time_)
    buckets_.resize(static_cast<std::size_t>(options.window_length.count()));
  else
    ring_.resize(options.window_calls);
}

void breaker_window::add(outcome o, std::int64_t second) noexcept {
  if (!by_time_) return push(o);
  advance(second);
  for (window_totals* t : {&totals_, &bucket_of(latest_)}) {
    ++t->calls;
    t->failures += o.failed ? 1U : 0U;
    t->slow += o.slow ? 1U : 0U;
  }
}

void breaker_window::add_successes(std::uint64_t count, std::int64_t second) noexcept {
  if (!by_time_) {
    const auto enough = std::min<std::uint64_t>(count, ring_.size());
    for (std::uint64_t i = 0; i < enough; ++i) push({});
    return;
  }
  advance(second);
  totals_.calls += count;
  bucket_of(latest_).calls += count;
}

void breaker_window::push(outcome o) noexcept {
  const bool full = totals_.calls == ring_.size();
  outcome& slot = ring_[next_];
  if (full) {
    totals_.failures -= slot.failed ? 1U : 0U;
    totals_.slow -= slot.slow ? 1U : 0U;
  } else {
    ++totals_.calls;
  }
  slot = o;
  totals_.failures += o.failed ? 1U : 0U;
  totals_.slow += o.slow ? 1U : 0U;
  next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
}

window_totals& breaker_window::bucket_of(std::int64_t second) noexcept {
  const auto count = static_cast<std::int64_t>(buckets_.size());
  const std::int64_t index = second % count;
  return buckets_[static_cast<std::size_t>(index < 0 ? index + count : index)];
}

void breaker_window::advance(std::int64_t second) noexcept {
  if (!by_time_ || second <= latest_) return;
  const auto count = static_cast<std::int64_t>(buckets_.size());
  const std::int64_t first = std::max(latest_ + 1, second - count + 1);
  for (std::int64_t s = first; s <= second; ++s) {
    window_totals& old = bucket_of(s);
    totals_.calls -= old.calls;
    totals_.failures -= old.failures;
    totals_.slow -= old.slow;
    old = {};
  }
  latest_ = second;
}

void breaker_window::clear() noexcept {
  totals_ = {};
  next_ = 0;
  std::fill(buckets_.begin(), buckets_.end(), window_totals{});
}

} // namespace holdfast::detail
