#include "drivers/mysql/session_name.hpp"

#include <charconv>

namespace holdfast::drivers::mysql {
namespace {

constexpr std::string_view prefix = "my1.";

/// Takes a number and what ends it away; false if there is none.
template <class Number>
bool take(std::string_view& text, Number& out, char end) noexcept {
  const auto at = end == '\0' ? text.size() : text.find(end);
  if (at == std::string_view::npos) return false;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + at, out);
  if (failed != std::errc{} || rest != text.data() + at) return false;
  text.remove_prefix(end == '\0' ? at : at + 1);
  return true;
}

} // namespace

std::string to_string(const session_name& n) {
  return std::string{prefix} + std::to_string(n.server.server) + "." +
         std::to_string(n.server.started) + "." + std::to_string(n.id);
}

std::optional<session_name> parse_session_name(std::string_view token) {
  if (!token.starts_with(prefix)) return std::nullopt;
  token.remove_prefix(prefix.size());
  session_name n;
  if (!take(token, n.server.server, '.') || !take(token, n.server.started, '.') ||
      !take(token, n.id, '\0'))
    return std::nullopt;
  return n;
}

} // namespace holdfast::drivers::mysql
