// Percent-escapes of URLs (RFC 3986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::detail {

/// Nothing if an escape is broken or stands for NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

/// Escapes all but unreserved characters and those in `keep`.
[[nodiscard]] std::string percent_encode(std::string_view text, std::string_view keep = {});

} // namespace holdfast::detail
