// Rules as text, and which of them make sense.
#pragma once

#include "base/option_codec.hpp"

#include <holdfast/fault_proxy.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {
namespace detail {

template <>
inline constexpr auto enum_names<fault_verb> =
    std::to_array<std::string_view>({"refuse", "black_hole", "delay", "bandwidth", "slice",
                                     "truncate", "corrupt", "reset", "half_close"});
template <>
inline constexpr auto enum_names<fault_direction> =
    std::to_array<std::string_view>({"both", "to_server", "to_client"});
template <>
inline constexpr auto enum_names<fault_place> = std::to_array<std::string_view>(
    {"bytes", "pattern", "end", "before_commit", "after_commit", "in_row", "row_length", "cancel"});
template <>
inline constexpr auto enum_names<fault_protocol> =
    std::to_array<std::string_view>({"postgresql", "mysql"});

} // namespace detail

namespace chaos {

/// What is wrong with a rule, or nothing.
[[nodiscard]] std::optional<std::string> complaint(const fault_rule& rule);

/// The direction whose bytes make a place; `both` for those that either side's can.
[[nodiscard]] fault_direction seen_in(fault_place at) noexcept;

/// `given lots; takes a number from 0 to 1`
[[nodiscard]] std::string given_takes(std::string_view given, std::string_view takes);

[[nodiscard]] error wrong(std::string message);

} // namespace chaos
} // namespace holdfast
