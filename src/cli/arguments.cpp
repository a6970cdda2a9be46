#include "cli/arguments.hpp"

#include <algorithm>
#include <charconv>

namespace holdfast::cli {

namespace {

template <class T>
reader read_bounded(T& out, detail::range bounds) {
  return [&out, bounds](std::string_view text) -> std::optional<std::string> {
    T read{};
    if (!detail::parse_value(text, read) || !bounds.holds(*detail::measure(read)))
      return detail::description<T>::of(bounds);
    out = read;
    return std::nullopt;
  };
}

} // namespace

reader read_text(std::string& out) {
  return [&out](std::string_view text) -> std::optional<std::string> {
    out = text;
    return std::nullopt;
  };
}

reader read_time(duration& out, detail::range bounds) { return read_bounded(out, bounds); }
reader read_count(std::uint32_t& out, detail::range bounds) { return read_bounded(out, bounds); }
reader read_number(double& out, detail::range bounds) { return read_bounded(out, bounds); }

reader read_seed(std::optional<std::uint64_t>& out) {
  return [&out](std::string_view text) -> std::optional<std::string> {
    std::uint64_t seed = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (failed != std::errc{} || end != text.data() + text.size())
      return "a whole number below 2^64";
    out = seed;
    return std::nullopt;
  };
}

reader read_choice(std::string& out, std::vector<std::string> choices) {
  return [&out, choices = std::move(choices)](std::string_view text) -> std::optional<std::string> {
    if (std::ranges::find(choices, text) != choices.end()) {
      out = text;
      return std::nullopt;
    }
    std::vector<std::string_view> names{choices.begin(), choices.end()};
    return detail::describe_names(names.data(), names.size());
  };
}

} // namespace holdfast::cli
