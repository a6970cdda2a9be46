// AIMD on the gradient of latency, as a state machine: one thread, no lock, no clock.
#pragma once

#include <holdfast/resilience_options.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace holdfast::detail {

class limiter_core {
public:
  explicit limiter_core(const limiter_options& options) noexcept;

  void sample(duration took, bool timed_out, std::uint32_t in_use) noexcept;

  [[nodiscard]] std::uint32_t limit() const noexcept { return static_cast<std::uint32_t>(limit_); }
  [[nodiscard]] duration long_term() const noexcept { return long_term_; }

private:
  void finish_round() noexcept;
  void shrink() noexcept;
  void grow() noexcept;

  // One decision a round: a single slow call is noise, the median of a round is not.
  static constexpr std::size_t round_samples = 16;

  const limiter_options options_;
  double limit_;
  duration long_term_{};
  std::array<duration, round_samples> round_{};
  std::size_t filled_ = 0;
  std::uint32_t most_in_use_ = 0;
  bool timed_out_ = false; // this round has shrunk for a timeout already
};

} // namespace holdfast::detail
