// Numbers as the wire has them.
#pragma once

#include <boost/endian/conversion.hpp>
#include <concepts>
#include <cstring>
#include <string>
#include <string_view>

namespace holdfast::drivers::postgres {

template <std::integral T>
void put_big_endian(std::string& out, T number) {
  const T swapped = boost::endian::native_to_big(number);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &swapped, sizeof(T));
  out.append(bytes, sizeof(T));
}

/// Needs at least sizeof(T) characters.
template <std::integral T>
[[nodiscard]] T big_endian(std::string_view in) noexcept {
  T swapped;
  std::memcpy(&swapped, in.data(), sizeof(T));
  return boost::endian::big_to_native(swapped);
}

} // namespace holdfast::drivers::postgres
