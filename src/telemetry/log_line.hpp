// How an event reads in a log. Pure; names and their order are interface (golden-tested).
#pragma once

#include "telemetry/repeat_limiter.hpp"

#include <holdfast/event_log.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace holdfast::detail {

using wall_time = std::chrono::system_clock::time_point;

[[nodiscard]] log_level level_of(const event& e) noexcept;
/// The highest level that an event of this kind can have.
[[nodiscard]] log_level highest_level_of(event_kind kind) noexcept;

/// `repeats`: for a sample, how many of its like the window has seen; 0 otherwise. A JSON line
/// holds its time and level; a text line leaves them to the logger's pattern.
[[nodiscard]] std::string render(log_format format, log_level level, wall_time at, const event& e,
                                 std::uint64_t repeats);
[[nodiscard]] std::string render(log_format format, wall_time at, const repeat_summary& s);

} // namespace holdfast::detail
