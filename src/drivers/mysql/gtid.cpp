#include "drivers/mysql/gtid.hpp"

#include <charconv>
#include <optional>

namespace holdfast::drivers::mysql {
namespace {

std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

/// Up to `end`, which is taken away with it; without such the rest.
std::string_view take(std::string_view& text, char end) noexcept {
  const auto at = text.find(end);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  while (!text.empty() && (text.front() == '\n' || text.front() == ' ')) text.remove_prefix(1);
  return part;
}

/// "1-5" or "7".
std::uint64_t length_of(std::string_view interval) noexcept {
  const auto first = number(take(interval, '-'));
  if (!first) return 0;
  if (interval.empty()) return 1;
  const auto last = number(interval);
  return last && *last >= *first ? *last - *first + 1 : 0;
}

} // namespace

std::uint64_t position_of_list(std::string_view text) noexcept {
  std::uint64_t sum = 0;
  while (!text.empty()) {
    auto one = take(text, ',');
    (void)take(one, '-');
    (void)take(one, '-');
    const auto n = number(one);
    if (!n) return 0;
    sum += *n;
  }
  return sum;
}

std::uint64_t position_of_set(std::string_view text) noexcept {
  std::uint64_t sum = 0;
  while (!text.empty()) {
    auto source = take(text, ',');
    (void)take(source, ':');
    while (!source.empty()) sum += length_of(take(source, ':'));
  }
  return sum;
}

} // namespace holdfast::drivers::mysql
