#include "drivers/postgres/text_values.hpp"

#include "drivers/postgres/array_decoding.hpp"
#include "drivers/postgres/numeric_digits.hpp"
#include "drivers/postgres/types.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace holdfast::drivers::postgres {
namespace {

using std::chrono::microseconds;

template <class T>
bool take_number(std::string_view text, T& number) noexcept {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc{} && end.ptr == text.data() + text.size();
}

bool fits(std::int64_t number, Oid type) noexcept {
  switch (type) {
  case oid::int2: return std::in_range<std::int16_t>(number);
  case oid::int4: return std::in_range<std::int32_t>(number);
  case oid::object:
  case oid::xid: return std::in_range<std::uint32_t>(number);
  case oid::xid8: return number >= 0;
  default: return true;
  }
}

bool take_integer(std::string_view text, Oid type, value& out) noexcept {
  std::int64_t number = 0;
  if (!take_number(text, number) || !fits(number, type)) return false;
  out = number;
  return true;
}

bool take_real(std::string_view text, Oid type, value& out) noexcept {
  double number = 0;
  if (!take_number(text, number)) return false; // NaN and Infinity included
  const bool infinite = std::isfinite(number) && !std::isfinite(static_cast<float>(number));
  if (type == oid::float4 && infinite) return false;
  out = number;
  return true;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool take_bytes(std::string_view text, value& out) {
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return false;
  bytes all;
  all.reserve(text.size() / 2 - 1);
  for (std::size_t i = 2; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    all.push_back(static_cast<std::byte>(high * 16 + low));
  }
  out = std::move(all);
  return true;
}

bool take_uuid(std::string_view text, value& out) noexcept {
  uuid id;
  if (!parse(text, id)) return false;
  out = id;
  return true;
}

/// Reads from the front of a text and remembers whether all fitted.
class scanner {
public:
  explicit scanner(std::string_view text) noexcept : rest_{text} {}

  int number() noexcept {
    int n = 0;
    const auto end = std::from_chars(rest_.data(), rest_.data() + rest_.size(), n);
    if (end.ec != std::errc{} || n < 0) good_ = false;
    rest_.remove_prefix(static_cast<std::size_t>(end.ptr - rest_.data()));
    return n;
  }
  int below(int limit) noexcept {
    const int n = number();
    demand(n < limit);
    return good_ ? n : 0;
  }
  void demand(bool holds) noexcept { good_ = good_ && holds; }
  void expect(char c) noexcept { good_ = skip(c) && good_; }
  bool skip(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool skip_last(std::string_view text) noexcept {
    if (!rest_.ends_with(text)) return false;
    rest_.remove_suffix(text.size());
    return true;
  }
  /// The digits behind a decimal point, as millionths.
  int millionths() noexcept {
    int n = 0;
    int digits = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++digits) {
      if (digits < 6) n = n * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    for (; digits < 6; ++digits) n *= 10;
    return n;
  }
  [[nodiscard]] bool done() const noexcept { return good_ && rest_.empty(); }
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool at_sign() const noexcept {
    return rest_.starts_with('+') || rest_.starts_with('-');
  }

private:
  std::string_view rest_;
  bool good_ = true;
};

/// Days since 1970 in the proleptic Gregorian calendar, for any year that the server has: the
/// standard library's years end at 32,767.
std::int64_t days_since_1970(std::int64_t year, int month, int day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const auto era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = year - era * 400;
  const auto day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const auto day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::int64_t scan_date(scanner& in, bool before_christ) noexcept {
  const std::int64_t year = in.number();
  in.expect('-');
  const int month = in.number();
  in.expect('-');
  const int day = in.number();
  in.demand(month >= 1 && month <= 12 && day >= 1 && day <= 31);
  if (!in.good()) return 0;
  return days_since_1970(before_christ ? 1 - year : year, month, day);
}

microseconds scan_time(scanner& in) noexcept {
  const std::chrono::hours hours{in.below(25)};
  in.expect(':');
  const std::chrono::minutes minutes{in.below(60)};
  in.expect(':');
  const std::chrono::seconds seconds{in.below(60)};
  microseconds total = hours + minutes + seconds;
  if (in.skip('.')) total += microseconds{in.millionths()};
  in.demand(total.count() <= microseconds_a_day);
  return total;
}

/// "+02", "-03:30", "+05:53:28"
std::chrono::seconds scan_offset(scanner& in) noexcept {
  const bool west = in.skip('-');
  if (!west) in.expect('+');
  std::chrono::seconds total = std::chrono::hours{in.below(24)};
  if (in.skip(':')) total += std::chrono::minutes{in.below(60)};
  if (in.skip(':')) total += std::chrono::seconds{in.below(60)};
  return west ? -total : total;
}

bool take_date(std::string_view text, value& out) noexcept {
  scanner in{text};
  const bool before_christ = in.skip_last(" BC");
  const auto days = scan_date(in, before_christ);
  constexpr std::int64_t first = first_day + days_to_2000;
  if (!in.done() || days < first || days >= end_of_days + days_to_2000) return false;
  out = date{std::chrono::days{static_cast<int>(days)}};
  return true;
}

bool take_time(std::string_view text, value& out) noexcept {
  scanner in{text};
  const auto micros = scan_time(in);
  if (!in.done()) return false;
  out = time_of_day{micros};
  return true;
}

bool take_timestamp(std::string_view text, value& out) noexcept {
  scanner in{text};
  const bool before_christ = in.skip_last(" BC");
  const auto days = scan_date(in, before_christ);
  in.expect(' ');
  auto micros = scan_time(in);
  if (in.at_sign()) micros -= scan_offset(in);
  constexpr auto most_days = std::numeric_limits<std::int64_t>::max() / microseconds_a_day - 2;
  if (!in.done() || days > most_days || days < -most_days) return false;
  const microseconds since_1970 = microseconds{days * microseconds_a_day} + micros;
  if (since_1970.count() < first_microsecond + microseconds_to_2000) return false;
  out = timestamp{since_1970};
  return true;
}

} // namespace

bool decode_text(std::string_view text, Oid type, value& out) {
  const auto* known = find_type(type);
  if (known && known->element != 0) return decode_array_text(text, known->element, out);
  switch (known ? known->as : value_type::text) {
  case value_type::boolean: return (text == "t" || text == "f") && (out = text == "t", true);
  case value_type::integer: return take_integer(text, type, out);
  case value_type::real: return take_real(text, type, out);
  case value_type::bytes: return take_bytes(text, out);
  case value_type::uuid: return take_uuid(text, out);
  case value_type::date: return take_date(text, out);
  case value_type::time: return take_time(text, out);
  case value_type::timestamp: return take_timestamp(text, out);
  case value_type::numeric:
    if (!is_numeric(text)) return false;
    out = numeric{std::string{text}};
    return true;
  case value_type::json: out = json_text{std::string{text}}; return true;
  default: out = std::string{text}; return true;
  }
}

} // namespace holdfast::drivers::postgres
