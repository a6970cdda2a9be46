#include "base/option_codec.hpp"

#include "base/host_port.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace holdfast::detail {
namespace {

struct scale {
  std::string_view name;
  std::uint64_t factor;
};

constexpr auto time_units = std::to_array<scale>({{"ns", 1},
                                                  {"us", 1'000},
                                                  {"ms", 1'000'000},
                                                  {"s", 1'000'000'000},
                                                  {"min", 60'000'000'000},
                                                  {"h", 3'600'000'000'000},
                                                  {"d", 86'400'000'000'000}});
constexpr auto size_units = std::to_array<scale>(
    {{"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}});

// The count of the smallest unit in "1.5s"; nothing without a known unit or beyond `most`.
template <class Units>
std::optional<double> parse_scaled(std::string_view text, const Units& units, double most) {
  const auto letters = text.find_first_not_of("0123456789.");
  if (letters == std::string_view::npos) return std::nullopt;
  double number = 0;
  if (!parse_value(text.substr(0, letters), number)) return std::nullopt;
  const auto unit =
      std::find_if(units.begin(), units.end(),
                   [name = text.substr(letters)](const scale& s) { return s.name == name; });
  if (unit == units.end()) return std::nullopt;
  const double total = number * static_cast<double>(unit->factor);
  if (total > most) return std::nullopt;
  return total;
}

// In the largest unit that leaves no fraction.
template <class Units>
std::string show_scaled(std::uint64_t count, const Units& units) {
  auto best = units.front();
  for (const scale& s : units)
    if (count > 0 && count % s.factor == 0) best = s;
  return std::to_string(count / best.factor) + std::string{best.name};
}

std::string bounds_text(range bounds, std::string (*show)(double)) {
  std::string text = (bounds.above_low ? " above " : " from ") + show(bounds.low);
  if (std::isinf(bounds.high)) return text;
  return text + (bounds.below_high ? " and below " : " to ") + show(bounds.high);
}

std::string show_seconds(double seconds) {
  return seconds == 0 ? "0" : show_value(duration{std::llround(seconds * 1e9)});
}
std::string show_bytes(double bytes) { return show_value(static_cast<std::uint64_t>(bytes)); }
std::string show_count(double count) { return std::to_string(static_cast<std::uint64_t>(count)); }
std::string show_number(double number) { return show_value(number); }

} // namespace

bool parse_value(std::string_view text, bool& out) {
  const std::string word = lower(text);
  if (word == "true" || word == "on" || word == "yes" || word == "1") {
    out = true;
    return true;
  }
  if (word != "false" && word != "off" && word != "no" && word != "0") return false;
  out = false;
  return true;
}

bool parse_value(std::string_view text, std::uint32_t& out) {
  const auto count = parse_count(text, std::numeric_limits<std::uint32_t>::max());
  if (count) out = static_cast<std::uint32_t>(*count);
  return count.has_value();
}

bool parse_value(std::string_view text, std::uint64_t& out) {
  const auto bytes = parse_scaled(text, size_units, 9e15); // exact in a double
  if (bytes) out = static_cast<std::uint64_t>(std::llround(*bytes));
  return bytes.has_value();
}

bool parse_value(std::string_view text, double& out) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return false;
  double number = 0;
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failure != std::errc{} || end != text.data() + text.size()) return false;
  out = number;
  return true;
}

bool parse_value(std::string_view text, duration& out) {
  const auto nanoseconds = parse_scaled(text, time_units, 9e18);
  if (nanoseconds) out = duration{std::llround(*nanoseconds)};
  return nanoseconds.has_value();
}

bool parse_value(std::string_view text, std::chrono::seconds& out) {
  duration exact{};
  if (!parse_value(text, exact) || exact % std::chrono::seconds{1} != duration::zero())
    return false;
  out = std::chrono::duration_cast<std::chrono::seconds>(exact);
  return true;
}

bool parse_value(std::string_view text, port& out) {
  const auto number = parse_count(text, 65535);
  if (!number || *number == 0) return false;
  out = static_cast<std::uint16_t>(*number);
  return true;
}

bool parse_value(std::string_view text, std::string& out) {
  out = text;
  return true;
}

bool parse_value(std::string_view text, secret& out) {
  out = secret{text};
  return true;
}

bool parse_value(std::string_view text, hosts& out) {
  hosts found;
  for (const auto part : split(text, ',')) {
    auto host = parse_host_port(trim(part));
    if (!host) return false;
    found.push_back(*std::move(host));
  }
  out = std::move(found);
  return true;
}

std::optional<std::size_t> find_name(std::string_view text, const std::string_view* names,
                                     std::size_t count) {
  std::string name{text};
  std::replace(name.begin(), name.end(), '-', '_');
  const auto* const end = names + count;
  const auto* const at = std::find(names, end, name);
  if (at == end) return std::nullopt;
  return static_cast<std::size_t>(at - names);
}

std::string show_value(bool value) { return value ? "true" : "false"; }
std::string show_value(std::uint32_t value) { return std::to_string(value); }
std::string show_value(std::uint64_t value) { return show_scaled(value, size_units); }

std::string show_value(double value) {
  std::array<char, 400> text{}; // the least and the greatest have more than 300 digits
  const auto [end, failure] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return failure == std::errc{} ? std::string{text.data(), end} : std::string{"?"};
}

std::string show_value(duration value) {
  const auto count = value.count();
  if (count == 0) return "0s";
  const std::string sign = count < 0 ? "-" : "";
  const auto size =
      count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  return sign + show_scaled(size, time_units);
}

std::string show_value(std::chrono::seconds value) { return show_value(duration{value}); }
std::string show_value(const port& value) { return value ? std::to_string(*value) : ""; }
std::string show_value(const std::string& value) { return value; }
std::string show_value(const secret& value) { return to_string(value); }

std::string show_value(const hosts& value) {
  std::string text;
  for (const auto& host : value) text += (text.empty() ? "" : ",") + to_string(host);
  return text;
}

std::string describe_count(range bounds) { return "a count" + bounds_text(bounds, show_count); }

std::string describe_size(range bounds) {
  return "a size" + bounds_text(bounds, show_bytes) + ", with its unit (64KiB, 16MiB)";
}

std::string describe_number(range bounds) { return "a number" + bounds_text(bounds, show_number); }

std::string describe_duration(range bounds) {
  return "a duration" + bounds_text(bounds, show_seconds) + ", with its unit (500ms, 5s, 2min)";
}

std::string describe_names(const std::string_view* names, std::size_t count) {
  std::string text = "one of";
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? " " : ", ") + std::string{names[i]};
  return text;
}

} // namespace holdfast::detail
