// Bounds that have more than one reader: the rows of the option table, and the checks of parts that
// are used without it.
#pragma once

#include "base/option_codec.hpp"

namespace holdfast::detail {

inline constexpr range positive_time{0, 86400.0 * 365, true}; // zero never means "for ever"
inline constexpr range any_time{0, 86400.0 * 365};
inline constexpr range share{0, 1, true};
inline constexpr range no_bounds{};
constexpr range between(double low, double high) noexcept { return {low, high}; }

namespace bounds {
inline constexpr range max_retries = between(0, 1'000'000);
inline constexpr range factor = between(1, 100);
inline constexpr range budget_cost = between(0, 1000);
inline constexpr range budget_capacity = between(0, 1'000'000);
inline constexpr range budget_deposit = between(0, 1000);
inline constexpr range breaker_calls = between(1, 1'000'000);
inline constexpr range breaker_window = between(1, 86400);
inline constexpr range breaker_probes = between(1, 10000);
inline constexpr range breaker_ramp = any_time; // zero: none
inline constexpr range limiter_size = between(1, 10000);
inline constexpr range limiter_tolerance{1, 1000, true}; // at 1 every second call is congestion
inline constexpr range limiter_decrease{0, 1, true, true};
inline constexpr range hedge_samples = between(1, 1'000'000);
} // namespace bounds

} // namespace holdfast::detail
