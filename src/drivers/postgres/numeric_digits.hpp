#pragma once

#include <string>
#include <string_view>

namespace holdfast::drivers::postgres {

/// The server's binary numeric as digits, written as the server itself writes it. False if the
/// bytes are not a numeric.
[[nodiscard]] bool decode_numeric(std::string_view in, std::string& digits);

/// [+-]digits[.digits][e[+-]digits], or NaN or an infinity.
[[nodiscard]] bool is_numeric(std::string_view text) noexcept;

} // namespace holdfast::drivers::postgres
