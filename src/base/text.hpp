// Small things about text that the floor's files share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::detail {

/// ASCII only, whatever the locale.
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// Always at least one part; parts may be empty.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

/// Decimal digits and nothing else, at most `most`.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text, std::uint64_t most);

/// Overwrites a copy of a secret.
void wipe(std::string& text) noexcept;

} // namespace holdfast::detail
