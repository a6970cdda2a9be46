#include "telemetry/trace_half.hpp"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cstdint>

namespace holdfast {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

/// Eight digits at once, as most calls make an id: each half byte is spread to a byte of its own,
/// and 9 < d adds what lies between '9' and 'a'.
void write_hex(char* to, std::uint32_t bits) noexcept {
  constexpr auto each = [](std::uint64_t byte) { return byte * 0x0101010101010101U; };
  std::uint64_t d = bits;
  d = (d | d << 16) & 0x0000ffff0000ffffU;
  d = (d | d << 8) & 0x00ff00ff00ff00ffU;
  d = (d | d << 4) & each(0x0f);
  const std::uint64_t letters = (d + each(6)) >> 4 & each(1);
  d += each('0') + letters * ('a' - '0' - 10);
  boost::endian::store_big_u64(reinterpret_cast<unsigned char*>(to), d);
}

void write_hex(char* to, std::uint64_t bits) noexcept {
  write_hex(to, static_cast<std::uint32_t>(bits >> 32));
  write_hex(to + 8, static_cast<std::uint32_t>(bits));
}

} // namespace

trace_id make_trace_id(std::uint64_t high, std::uint64_t low) noexcept {
  if (high == 0 && low == 0) low = 1;
  trace_id id{};
  write_hex(id.digits.data(), high);
  write_hex(id.digits.data() + 16, low);
  return id;
}

[[gnu::hot]] void detail::write_lower_half(trace_id& id, std::uint64_t low) noexcept {
  write_hex(id.digits.data() + 16, low);
}

bool is_trace_id(std::string_view text) noexcept {
  const auto is_hex = [](char c) { return hex.find(c) != std::string_view::npos; };
  const auto not_zero = [](char c) { return c != '0'; };
  return text.size() == 32 && std::ranges::all_of(text, is_hex) &&
         std::ranges::any_of(text, not_zero);
}

} // namespace holdfast
