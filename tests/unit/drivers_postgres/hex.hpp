// Bytes of the wire, written as people read them.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::drivers::postgres {

inline int hex_value(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/// "00 ff 41" -> three bytes.
inline std::string from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    out.push_back(static_cast<char>(hex_value(text[i]) * 16 + hex_value(text[i + 1])));
    ++i;
  }
  return out;
}

inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!out.empty()) out.push_back(' ');
    out.push_back(digits[byte / 16U]);
    out.push_back(digits[byte % 16U]);
  }
  return out;
}

} // namespace holdfast::drivers::postgres
