/// When a slow read deserves a second attempt: pure decisions, used by `pipeline` and `database`.
#pragma once

#include <holdfast/resilience_options.hpp>
#include <holdfast/retry_budget.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

namespace holdfast {

/// One step of a streaming 95th percentile: up by 19 small parts of itself for a sample above, down
/// by one for a sample below, so it rests where one in twenty lies above. Pure. The first samples
/// count for more: they may be far off.
[[nodiscard]] constexpr duration p95_step(duration estimate, duration sample,
                                          std::uint32_t samples_before) noexcept {
  if (samples_before == 0) return sample;
  const auto parts = static_cast<duration::rep>(std::clamp(samples_before, 20U, 256U));
  const duration part{estimate.count() / parts + 1};
  if (sample > estimate) return std::min(sample, estimate + 19 * part);
  return std::max(sample, estimate - part);
}

/// The time within which 95 in 100 of some calls succeed.
///
/// Threads: safe to call concurrently. Samples of threads that collide may be lost, which an
/// estimate does not mind.
class p95_estimate {
public:
  void add(duration sample) noexcept {
    const std::uint32_t before = samples_.load(std::memory_order_relaxed);
    const duration next = p95_step(value(), sample, before);
    value_.store(next.count(), std::memory_order_relaxed);
    if (before < enough) samples_.store(before + 1, std::memory_order_relaxed);
  }
  [[nodiscard]] duration value() const noexcept {
    return duration{value_.load(std::memory_order_relaxed)};
  }
  /// Stops counting at a million.
  [[nodiscard]] std::uint32_t samples() const noexcept {
    return samples_.load(std::memory_order_relaxed);
  }

private:
  static constexpr std::uint32_t enough = 1'000'000;
  std::atomic<duration::rep> value_{0};
  std::atomic<std::uint32_t> samples_{0};
};

/// How long after its first attempt a call is to be hedged; empty: not at all, because too little
/// is known, or the deadline would come first.
[[nodiscard]] constexpr std::optional<duration> hedge_after(const hedge_options& options,
                                                            duration p95, std::uint32_t samples,
                                                            duration remaining) noexcept {
  if (samples < options.minimum_samples) return std::nullopt;
  const duration wait = std::max(options.floor, p95);
  if (wait >= remaining) return std::nullopt;
  return wait;
}

} // namespace holdfast
