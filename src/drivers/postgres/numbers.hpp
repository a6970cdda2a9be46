#pragma once

#include <charconv>
#include <string_view>

namespace holdfast::drivers::postgres {

/// True if all of `text` is one number that fits.
template <class T>
[[nodiscard]] bool read_number(std::string_view text, T& out) noexcept {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc{} && end == text.data() + text.size();
}

} // namespace holdfast::drivers::postgres
