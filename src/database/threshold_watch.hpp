// Tells when a health figure crosses its threshold, and when it is well again. Pure.
#pragma once

#include <holdfast/event.hpp>
#include <holdfast/options.hpp>

#include <array>
#include <optional>
#include <vector>

namespace holdfast::detail {

/// What one health check saw.
struct health_sample {
  bool failed = false;
  duration latency{};     ///< of the check, if it did not fail
  double utilisation = 0; ///< share of max_size in use or connecting
};

struct threshold_change {
  event_kind kind{}; ///< threshold_crossed or threshold_cleared
  event_reason reason{};
  double value = 0; ///< seconds, failures in a row, or share
};

/// Each figure is told once when it crosses, and once when it is back below nine tenths of the
/// threshold (failures: at the first success), so that a value at the line does not flap.
class threshold_watch {
public:
  explicit threshold_watch(const health_options& options) noexcept : options_{options} {}

  [[nodiscard]] std::vector<threshold_change> add(const health_sample& s);
  /// Whether any threshold is crossed now.
  [[nodiscard]] bool crossed() const noexcept;

private:
  void judge(std::size_t which, event_reason reason, double value, std::optional<double> limit,
             double well_below, std::vector<threshold_change>& out);

  const health_options& options_;
  std::uint32_t failures_ = 0; // in a row
  std::array<bool, 3> crossed_{};
};

} // namespace holdfast::detail
