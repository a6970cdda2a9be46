// Times in fixed buckets, counted without locks.
#pragma once

#include <holdfast/time.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace holdfast::detail {

using counter = std::atomic<std::uint64_t>;

inline void add(counter& to, std::uint64_t n = 1) noexcept {
  to.fetch_add(n, std::memory_order_relaxed);
}
[[nodiscard]] inline std::uint64_t read(const counter& from) noexcept {
  return from.load(std::memory_order_relaxed);
}

/// Upper bounds (inclusive) in nanoseconds, from a pool's hand-over to a stalled operation.
inline constexpr auto time_bounds = std::to_array<std::uint64_t>({
    10'000,
    50'000,
    100'000,
    250'000,
    500'000,
    1'000'000,
    2'500'000,
    5'000'000,
    10'000'000,
    25'000'000,
    50'000'000,
    100'000'000,
    250'000'000,
    500'000'000,
    1'000'000'000,
    2'500'000'000,
    5'000'000'000,
    10'000'000'000,
});
inline constexpr std::size_t bucket_count = time_bounds.size() + 1; // the last one has no bound

namespace histogram_detail {
// For each number of bits the first bucket that a time with so many bits can fall into: what is
// left to compare is one or two bounds.
inline constexpr auto first_bucket = [] {
  std::array<std::uint8_t, 65> first{};
  for (std::size_t bits = 1; bits < first.size(); ++bits) {
    const auto smallest = std::uint64_t{1} << (bits - 1);
    while (first[bits] < time_bounds.size() && time_bounds[first[bits]] < smallest) ++first[bits];
  }
  return first;
}();
} // namespace histogram_detail

[[nodiscard]] constexpr std::size_t bucket_of(std::uint64_t nanoseconds) noexcept {
  const auto bits = static_cast<std::size_t>(std::bit_width(nanoseconds));
  std::size_t bucket = histogram_detail::first_bucket[bits];
  while (bucket < time_bounds.size() && nanoseconds > time_bounds[bucket]) ++bucket;
  return bucket;
}

/// What histograms add up to, for one scrape.
struct histogram_total {
  std::array<std::uint64_t, bucket_count> buckets{};
  std::uint64_t nanoseconds = 0;
};

class histogram {
public:
  /// Negative times count as zero.
  void record(duration time) noexcept {
    const auto ns = time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0;
    add(buckets_[bucket_of(ns)]);
    add(nanoseconds_, ns);
  }

  void add_to(histogram_total& total) const noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i) total.buckets[i] += read(buckets_[i]);
    total.nanoseconds += read(nanoseconds_);
  }

private:
  std::array<counter, bucket_count> buckets_{};
  counter nanoseconds_{0};
};

} // namespace holdfast::detail
