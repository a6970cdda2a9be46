#include "cli/commands.hpp"

#include "base/option_codec.hpp"

#include <cstdio>
#include <fmt/format.h>

namespace holdfast::cli {

std::optional<duration> read_duration(const std::string& text, const char* option) {
  duration d{};
  if (detail::parse_value(text, d) && d > duration::zero()) return d;
  fmt::print(stderr,
             "holdfast: {}: given \"{}\"; takes a time above 0 with its unit, like 250ms, "
             "30s or 2min\n",
             option, text);
  return std::nullopt;
}

} // namespace holdfast::cli
