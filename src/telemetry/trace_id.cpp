#include <holdfast/trace_id.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace holdfast {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

/// Both digits of each byte. Made for every call that brings no id: two look-ups would cost twice.
constexpr auto digit_pairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t byte = 0; byte < pairs.size(); ++byte)
    pairs[byte] = {hex[byte >> 4], hex[byte & 15]};
  return pairs;
}();

void write_hex(char* to, std::uint64_t bits) noexcept {
  for (int shift = 56; shift >= 0; shift -= 8, to += 2)
    std::memcpy(to, digit_pairs[(bits >> shift) & 255].data(), 2);
}

} // namespace

trace_id make_trace_id(std::uint64_t high, std::uint64_t low) noexcept {
  if (high == 0 && low == 0) low = 1;
  trace_id id{};
  write_hex(id.digits.data(), high);
  write_hex(id.digits.data() + 16, low);
  return id;
}

bool is_trace_id(std::string_view text) noexcept {
  const auto is_hex = [](char c) { return hex.find(c) != std::string_view::npos; };
  const auto not_zero = [](char c) { return c != '0'; };
  return text.size() == 32 && std::ranges::all_of(text, is_hex) &&
         std::ranges::any_of(text, not_zero);
}

} // namespace holdfast
