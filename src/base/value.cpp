#include <holdfast/value.hpp>

#include <cstddef>

namespace holdfast {
namespace {

constexpr std::array<std::string_view, 13> type_names{
    "null", "boolean", "integer",   "real",    "text", "bytes", "uuid",
    "date", "time",    "timestamp", "numeric", "json", "array"};
static_assert(type_names.size() == static_cast<std::size_t>(value_type::array) + 1);
static_assert(std::variant_size_v<value::variant> == type_names.size());

constexpr bool dash_before(std::size_t byte) noexcept {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

} // namespace

std::string_view to_string(value_type t) noexcept {
  return type_names[static_cast<std::size_t>(t)];
}

std::string to_string(const uuid& id) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (dash_before(i)) text += '-';
    const auto byte = std::to_integer<unsigned>(id.bytes[i]);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

bool parse(std::string_view text, uuid& out) noexcept {
  if (text.size() != 36) return false;
  uuid id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (dash_before(i) && text[at++] != '-') return false;
    const int high = hex_value(text[at++]);
    const int low = hex_value(text[at++]);
    if (high < 0 || low < 0) return false;
    id.bytes[i] = static_cast<std::byte>(high * 16 + low);
  }
  out = id;
  return true;
}

} // namespace holdfast
