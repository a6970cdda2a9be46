#include <holdfast/trace_id.hpp>

#include <algorithm>
#include <cstddef>

namespace holdfast {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

void write_hex(char* to, std::uint64_t bits) noexcept {
  for (std::size_t i = 16; i-- > 0; bits >>= 4) to[i] = hex[bits & 15];
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
