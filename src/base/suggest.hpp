// "Did you mean …?" for keys, parameters, commands and sections.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace holdfast::detail {

/// The candidate nearest to what was written, if it is near enough to be meant: at most a third of
/// its letters differ. Case and the difference of '_', '-' and '.' count for nothing. Empty if
/// none.
[[nodiscard]] std::string_view suggest(std::string_view written,
                                       std::span<const std::string_view> candidates);

/// `; did you mean pool.max_size?`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view written,
                                       std::span<const std::string_view> candidates);

} // namespace holdfast::detail
