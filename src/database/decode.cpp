#include <holdfast/decode.hpp>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace holdfast {

namespace detail {
namespace {

std::string name_of(const cell_position& at) {
  const std::string_view name = at.description ? std::string_view{at.description->name} : "";
  return name.empty() ? fmt::format("column {}", at.index + 1)
                      : fmt::format("column {} (\"{}\")", at.index + 1, name);
}

} // namespace

error unexpected_null(const cell_position& at) {
  return make_error(errc::unexpected_null,
                    fmt::format("{} is NULL, which only a std::optional can take", name_of(at)));
}

error wrong_type(const value& cell, const cell_position& at, std::string_view wanted) {
  const std::string_view native =
      at.description ? std::string_view{at.description->native_type} : "";
  const auto given = to_string(cell.type());
  const auto shown = native.empty() ? std::string{given} : fmt::format("{} ({})", given, native);
  return make_error(errc::column_type,
                    fmt::format("{} is of type {}, not {}", name_of(at), shown, wanted));
}

error out_of_range(const cell_position& at, std::string_view wanted) {
  return make_error(errc::value_out_of_range,
                    fmt::format("the value of {} does not fit {}", name_of(at), wanted));
}

error wrong_column_count(std::size_t wanted, std::size_t given) {
  return make_error(errc::column_count,
                    fmt::format("the statement gives {} column{}, but {} {} asked for", given,
                                given == 1 ? "" : "s", wanted, wanted == 1 ? "was" : "were"));
}

} // namespace detail

namespace {

using detail::out_of_range;
using detail::wrong_type;

bool is_null(const value& cell) { return cell.type() == value_type::null; }

/// The cell as text, for the types that an engine without them stores as text.
const std::string* text_of(const value& cell) { return std::get_if<std::string>(&cell); }

template <class Number>
bool parse_whole(std::string_view text, Number& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc{} && end == text.data() + text.size();
}

/// Digits alone: std::from_chars would take a sign, and "-0:00" for midnight.
template <class Number>
bool parse_digits(std::string_view text, Number& out) {
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return digits && parse_whole(text, out);
}

bool two_digits(std::string_view text, std::size_t at, int& out) {
  return text.size() >= at + 2 && parse_digits(text.substr(at, 2), out);
}

/// YYYY-MM-DD
bool parse_date(std::string_view text, date& out) {
  int y = 0;
  int m = 0;
  int d = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  if (!parse_digits(text.substr(0, 4), y) || !two_digits(text, 5, m) || !two_digits(text, 8, d))
    return false;
  const std::chrono::year_month_day parsed{std::chrono::year{y},
                                           std::chrono::month{static_cast<unsigned>(m)},
                                           std::chrono::day{static_cast<unsigned>(d)}};
  if (!parsed.ok()) return false;
  out = parsed;
  return true;
}

/// HH:MM[:SS[.ffffff]]
bool parse_time(std::string_view text, std::chrono::microseconds& out) {
  int h = 0;
  int m = 0;
  int s = 0;
  if (text.size() < 5 || text[2] != ':' || !two_digits(text, 0, h) || !two_digits(text, 3, m))
    return false;
  std::int64_t micros = 0;
  if (text.size() > 5) {
    if (text.size() < 8 || text[5] != ':' || !two_digits(text, 6, s)) return false;
    std::string_view fraction = text.substr(8);
    if (!fraction.empty()) {
      if (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 7) return false;
      std::string digits{fraction.substr(1)};
      digits.resize(6, '0');
      if (!parse_digits(std::string_view{digits}, micros)) return false;
    }
  }
  if (h > 23 || m > 59 || s > 59) return false;
  out = std::chrono::hours{h} + std::chrono::minutes{m} + std::chrono::seconds{s} +
        std::chrono::microseconds{micros};
  return true;
}

/// "YYYY-MM-DD HH:MM:SS[.ffffff]", also with T between and Z behind; UTC.
bool parse_timestamp(std::string_view text, timestamp& out) {
  if (!text.empty() && text.back() == 'Z') text.remove_suffix(1);
  date day;
  std::chrono::microseconds time{};
  if (text.size() < 10 || !parse_date(text.substr(0, 10), day)) return false;
  if (text.size() > 10 &&
      ((text[10] != ' ' && text[10] != 'T') || !parse_time(text.substr(11), time)))
    return false;
  out = timestamp{day} + time;
  return true;
}

} // namespace

result<void> from_cell(value& cell, const cell_position& at, bool& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (const bool* b = std::get_if<bool>(&cell)) {
    out = *b;
    return {};
  }
  const auto* number = std::get_if<std::int64_t>(&cell); // engines without a boolean type
  if (!number || (*number != 0 && *number != 1)) return wrong_type(cell, at, "a boolean");
  out = *number == 1;
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, std::int64_t& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    out = *number;
    return {};
  }
  const auto* decimal = std::get_if<numeric>(&cell); // sum() of bigint
  if (!decimal) return wrong_type(cell, at, "an integer");
  if (!parse_whole(std::string_view{decimal->digits}, out))
    return out_of_range(at, "a 64-bit integer");
  return {};
}

/// As `to_parameter` sends them: what a signed number cannot hold, as its digits.
result<void> from_cell(value& cell, const cell_position& at, std::uint64_t& out) {
  if (const auto* decimal = std::get_if<numeric>(&cell))
    if (parse_digits(std::string_view{decimal->digits}, out)) return {};
  std::int64_t number = 0;
  if (auto r = from_cell(cell, at, number); !r) return r;
  if (number < 0) return out_of_range(at, "an unsigned integer");
  out = static_cast<std::uint64_t>(number);
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, double& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (const auto* real = std::get_if<double>(&cell)) {
    out = *real;
    return {};
  }
  const auto* number = std::get_if<std::int64_t>(&cell);
  if (!number) return wrong_type(cell, at, "a floating-point number");
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  if (*number > exact || *number < -exact) return out_of_range(at, "a double without loss");
  out = static_cast<double>(*number);
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, std::string& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (auto* text = std::get_if<std::string>(&cell))
    out = std::move(*text);
  else if (auto* decimal = std::get_if<numeric>(&cell))
    out = std::move(decimal->digits);
  else if (auto* json = std::get_if<json_text>(&cell))
    out = std::move(json->text);
  else if (const auto* id = std::get_if<uuid>(&cell))
    out = to_string(*id);
  else
    return wrong_type(cell, at, "text");
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, bytes& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  auto* blob = std::get_if<bytes>(&cell);
  if (!blob) return wrong_type(cell, at, "bytes");
  out = std::move(*blob);
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, uuid& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (const auto* id = std::get_if<uuid>(&cell)) {
    out = *id;
    return {};
  }
  const auto* text = text_of(cell);
  if (!text || !parse(*text, out)) return wrong_type(cell, at, "a UUID");
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, date& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (const auto* day = std::get_if<date>(&cell)) {
    out = *day;
    return {};
  }
  const auto* text = text_of(cell);
  if (!text || !parse_date(*text, out)) return wrong_type(cell, at, "a date");
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, time_of_day& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (const auto* time = std::get_if<time_of_day>(&cell)) {
    out = *time;
    return {};
  }
  const auto* text = text_of(cell);
  if (!text || !parse_time(*text, out.since_midnight)) return wrong_type(cell, at, "a time of day");
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, timestamp& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (const auto* moment = std::get_if<timestamp>(&cell)) {
    out = *moment;
    return {};
  }
  const auto* text = text_of(cell);
  if (!text || !parse_timestamp(*text, out)) return wrong_type(cell, at, "a timestamp");
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, numeric& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (auto* decimal = std::get_if<numeric>(&cell))
    out = std::move(*decimal);
  else if (const auto* number = std::get_if<std::int64_t>(&cell))
    out.digits = std::to_string(*number);
  else if (auto* text = std::get_if<std::string>(&cell))
    out.digits = std::move(*text);
  else
    return wrong_type(cell, at, "a decimal number");
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, json_text& out) {
  if (is_null(cell)) return detail::unexpected_null(at);
  if (auto* json = std::get_if<json_text>(&cell))
    out = std::move(*json);
  else if (auto* text = std::get_if<std::string>(&cell))
    out.text = std::move(*text);
  else
    return wrong_type(cell, at, "JSON");
  return {};
}

result<void> from_cell(value& cell, const cell_position& at, boost::json::value& out) {
  json_text source;
  if (auto r = from_cell(cell, at, source); !r) return r;
  boost::system::error_code failed;
  out = boost::json::parse(source.text, failed);
  if (failed) return wrong_type(cell, at, "valid JSON");
  return {};
}

result<void> from_cell(value& cell, const cell_position&, value& out) {
  out = std::move(cell);
  return {};
}

} // namespace holdfast
