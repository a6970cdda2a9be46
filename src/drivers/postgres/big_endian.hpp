// Numbers as the wire has them.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace holdfast::drivers::postgres {

template <std::integral T>
void put_big_endian(std::string& out, T number) {
  const auto bits = static_cast<std::make_unsigned_t<T>>(number);
  char bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bits >> (8 * (sizeof(T) - 1 - i))));
  out.append(bytes, sizeof(T));
}

/// Needs at least sizeof(T) characters.
template <std::integral T>
[[nodiscard]] T big_endian(std::string_view in) noexcept {
  std::make_unsigned_t<T> bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bits = static_cast<std::make_unsigned_t<T>>((bits << 8 * (sizeof(T) > 1)) |
                                                static_cast<unsigned char>(in[i]));
  return static_cast<T>(bits);
}

} // namespace holdfast::drivers::postgres
