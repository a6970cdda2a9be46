// Numbers of MySQL's protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::chaos {

constexpr std::size_t packet_header = 4;
constexpr std::uint64_t full_packet = 0xffffff; ///< one of this size goes on in the next
constexpr std::size_t most_remembered = 1000;   ///< commits prepared, and commands not answered

/// 0 behind the end.
inline unsigned char byte_at(std::string_view text, std::size_t i) noexcept {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

inline std::uint64_t little_endian(std::string_view text, std::size_t from,
                                   std::size_t size) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = size; i > 0; --i) number = number << 8U | byte_at(text, from + i - 1);
  return number;
}

} // namespace holdfast::chaos
