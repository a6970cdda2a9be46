#include "telemetry/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace holdfast::detail {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD
constexpr std::string_view ellipsis = "\xE2\x80\xA6";    // U+2026

struct character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
};

struct lead {
  std::size_t bytes;
  std::uint32_t bits;
  std::uint32_t smallest; // below it the encoding is overlong
};

std::optional<lead> lead_of(unsigned char c) noexcept {
  if (c < 0x80) return lead{1, c, 0};
  if ((c & 0xE0) == 0xC0) return lead{2, c & 0x1FU, 0x80};
  if ((c & 0xF0) == 0xE0) return lead{3, c & 0x0FU, 0x800};
  if ((c & 0xF8) == 0xF0) return lead{4, c & 0x07U, 0x10000};
  return std::nullopt;
}

// The first character of a text that is not empty; nothing if it is not valid UTF-8.
std::optional<character> first_character(std::string_view text) noexcept {
  const auto start = lead_of(static_cast<unsigned char>(text.front()));
  if (!start || start->bytes > text.size()) return std::nullopt;
  auto code = start->bits;
  for (std::size_t i = 1; i < start->bytes; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c & 0xC0) != 0x80) return std::nullopt;
    code = (code << 6) | (c & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < start->smallest || code > 0x10FFFF || surrogate) return std::nullopt;
  return character{code, start->bytes};
}

bool is_obeyed_by_terminals(std::uint32_t code) noexcept {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void append_code(std::string& out, std::uint32_t code) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += "\\u";
  for (const int shift : {12, 8, 4, 0}) out += hex[(code >> shift) & 15];
}

void append_character(std::string& out, const character& c, std::string_view bytes) {
  switch (c.code) {
  case '"': out += "\\\""; return;
  case '\\': out += "\\\\"; return;
  case '\n': out += "\\n"; return;
  case '\r': out += "\\r"; return;
  case '\t': out += "\\t"; return;
  default: break;
  }
  if (is_obeyed_by_terminals(c.code)) return append_code(out, c.code);
  out += bytes;
}

// True of `password` and of `sslpassword`, in any case.
bool names_a_secret(std::string_view key) {
  constexpr auto names =
      std::to_array<std::string_view>({"password", "passwd", "pwd", "secret", "token"});
  std::string lower{key};
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::any_of(names, [&](auto name) { return lower.ends_with(name); });
}

bool is_key_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

constexpr std::string_view value_ends = " \t\r\n&;,\"'";

// Where the value that begins at `from` ends; a quoted one includes its quotes.
std::size_t end_of_value(std::string_view text, std::size_t from) noexcept {
  if (from < text.size() && (text[from] == '\'' || text[from] == '"')) {
    const auto close = text.find(text[from], from + 1);
    return close == std::string_view::npos ? text.size() : close + 1;
  }
  return std::min(text.find_first_of(value_ends, from), text.size());
}

std::string mask_pairs(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  for (auto at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    if (at < done) continue; // inside a value that is masked already
    auto key_end = at;
    while (key_end > done && text[key_end - 1] == ' ') --key_end;
    auto key = key_end;
    while (key > done && is_key_character(text[key - 1])) --key;
    if (!names_a_secret(text.substr(key, key_end - key))) continue;
    const auto value = std::min(text.find_first_not_of(' ', at + 1), text.size());
    out += text.substr(done, value - done);
    out += "***";
    done = end_of_value(text, value);
  }
  out += text.substr(done);
  return out;
}

// The password may hold an unescaped '/', '?' or '@': it ends at the last '@' of the word.
std::string mask_urls(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  for (auto at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const auto begin = at + 3;
    if (begin < done) continue;
    const auto word = text.substr(begin, text.find_first_of(" \t\r\n\"'", begin) - begin);
    const auto userinfo = word.substr(0, word.rfind('@'));
    const auto colon = userinfo.find(':');
    if (userinfo.size() == word.size() || colon == std::string_view::npos) continue;
    out += text.substr(done, begin + colon + 1 - done);
    out += "***";
    done = begin + userinfo.size();
  }
  out += text.substr(done);
  return out;
}

} // namespace

void append_escaped(std::string& out, std::string_view text, std::size_t limit) {
  for (std::size_t used = 0; !text.empty();) {
    const auto c = first_character(text);
    const auto bytes = c ? c->bytes : 1;
    if (used + bytes > limit) {
      out += ellipsis;
      return;
    }
    if (c)
      append_character(out, *c, text.substr(0, bytes));
    else
      out += replacement;
    used += bytes;
    text.remove_prefix(bytes);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto c = first_character(text);
    const auto bytes = c ? c->bytes : 1;
    out += c && c->code >= 0x20 && c->code != 0x7F ? text.substr(0, bytes) : replacement;
    text.remove_prefix(bytes);
  }
  return out;
}

std::string redact(std::string_view text) {
  const bool has_url = text.find("://") != std::string_view::npos;
  auto out = has_url ? mask_urls(text) : std::string{text};
  if (out.find('=') != std::string::npos) out = mask_pairs(out);
  return out;
}

} // namespace holdfast::detail
