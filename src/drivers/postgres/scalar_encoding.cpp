#include "drivers/postgres/scalar_encoding.hpp"

#include "drivers/postgres/array_encoding.hpp"
#include "drivers/postgres/big_endian.hpp"
#include "drivers/postgres/numeric_digits.hpp"
#include "drivers/postgres/types.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace holdfast::drivers::postgres {
namespace {

bool has_nul(std::string_view text) noexcept { return text.find('\0') != std::string_view::npos; }

template <class T>
encoding put_integer(std::int64_t number, std::string& out) {
  if (!std::in_range<T>(number)) return encoding::out_of_range;
  put_big_endian(out, static_cast<T>(number));
  return encoding::binary;
}

encoding put_float8(double number, std::string& out) {
  put_big_endian(out, std::bit_cast<std::uint64_t>(number));
  return encoding::binary;
}

encoding put_float4(double number, std::string& out) {
  const auto narrow = static_cast<float>(number);
  if (std::isfinite(number) && !std::isfinite(narrow)) return encoding::out_of_range;
  put_big_endian(out, std::bit_cast<std::uint32_t>(narrow));
  return encoding::binary;
}

template <class T>
encoding put_digits(T number, std::string& out) {
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number);
  out.append(digits, end.ptr);
  return encoding::text;
}

/// The integers that a floating type holds exactly.
template <class T>
bool exact(std::int64_t number) noexcept {
  constexpr auto limit = std::int64_t{1} << std::numeric_limits<T>::digits;
  return number >= -limit && number <= limit;
}

encoding encode(bool v, Oid type, std::string& out) {
  if (type != oid::boolean) return encoding::wrong_type;
  out.push_back(v ? '\1' : '\0');
  return encoding::binary;
}

encoding encode(std::int64_t v, Oid type, std::string& out) {
  switch (type) {
  case oid::int8: return put_integer<std::int64_t>(v, out);
  case oid::int4: return put_integer<std::int32_t>(v, out);
  case oid::int2: return put_integer<std::int16_t>(v, out);
  case oid::object:
  case oid::xid: return put_integer<std::uint32_t>(v, out);
  case oid::xid8: return put_integer<std::uint64_t>(v, out);
  case oid::numeric: return put_digits(v, out);
  case oid::float8:
    return exact<double>(v) ? put_float8(static_cast<double>(v), out) : encoding::out_of_range;
  case oid::float4:
    return exact<float>(v) ? put_float4(static_cast<double>(v), out) : encoding::out_of_range;
  default: return encoding::wrong_type;
  }
}

encoding encode(double v, Oid type, std::string& out) {
  if (type == oid::float8) return put_float8(v, out);
  if (type == oid::float4) return put_float4(v, out);
  if (type != oid::numeric) return encoding::wrong_type;
  // The server knows no "-nan".
  return put_digits(std::isnan(v) ? std::numeric_limits<double>::quiet_NaN() : v, out);
}

encoding encode(const uuid& v, Oid type, std::string& out) {
  if (type != oid::uuid) return encoding::wrong_type;
  out.append(reinterpret_cast<const char*>(v.bytes.data()), v.bytes.size());
  return encoding::binary;
}

encoding encode(date v, Oid type, std::string& out) {
  if (type != oid::date) return encoding::wrong_type;
  const auto days = std::int64_t{v.time_since_epoch().count()} - days_to_2000;
  if (days < first_day || days >= end_of_days) return encoding::out_of_range;
  return put_integer<std::int32_t>(days, out);
}

encoding encode(time_of_day v, Oid type, std::string& out) {
  if (type != oid::time) return encoding::wrong_type;
  const auto micros = v.since_midnight.count();
  if (micros < 0 || micros > microseconds_a_day) return encoding::out_of_range;
  return put_integer<std::int64_t>(micros, out);
}

encoding encode(timestamp v, Oid type, std::string& out) {
  if (type != oid::timestamp && type != oid::timestamptz) return encoding::wrong_type;
  const auto micros = v.time_since_epoch().count();
  // Ours reaches less far into the future than the server's.
  if (micros < first_microsecond + microseconds_to_2000) return encoding::out_of_range;
  return put_integer<std::int64_t>(micros - microseconds_to_2000, out);
}

encoding check_integer_text(std::string_view text, std::int64_t low, std::int64_t high) noexcept {
  const auto from = text.find_first_not_of(" \t\n\r\f\v");
  if (from == std::string_view::npos) return encoding::malformed;
  text = text.substr(from, text.find_last_not_of(" \t\n\r\f\v") + 1 - from);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ptr != text.data() + text.size()) return encoding::malformed;
  if (end.ec == std::errc::result_out_of_range) return encoding::out_of_range;
  if (end.ec != std::errc{}) return encoding::malformed;
  return number < low || number > high ? encoding::out_of_range : encoding::text;
}

/// PostgreSQL also takes braces, and leaves the hyphens free.
bool is_uuid_text(std::string_view text) noexcept {
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  const auto hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  const auto digits = std::count_if(text.begin(), text.end(), hex);
  const auto hyphens = std::count(text.begin(), text.end(), '-');
  return digits == 32 && digits + hyphens == static_cast<std::ptrdiff_t>(text.size());
}

template <class T>
encoding check_integer_text(std::string_view text) noexcept {
  using limits = std::numeric_limits<T>;
  return check_integer_text(text, std::int64_t{limits::min()}, std::int64_t{limits::max()});
}

/// What can be told about a text without being the server. The rest the server tells.
encoding check_text(std::string_view text, Oid type) noexcept {
  switch (type) {
  case oid::int2: return check_integer_text<std::int16_t>(text);
  case oid::int4: return check_integer_text<std::int32_t>(text);
  case oid::int8: return check_integer_text<std::int64_t>(text);
  case oid::uuid: return is_uuid_text(text) ? encoding::text : encoding::malformed;
  default: return encoding::text;
  }
}

encoding place_text(const std::string& text, Oid type, std::string_view& in_place) noexcept {
  if (has_nul(text)) return encoding::holds_nul;
  in_place = {text.c_str(), text.size()};
  return is_text(type) ? encoding::binary : check_text(text, type);
}

encoding place(const json_text& v, Oid type, std::string_view& in_place) noexcept {
  if (type != oid::json && type != oid::jsonb && !is_text(type)) return encoding::wrong_type;
  return place_text(v.text, type, in_place);
}

encoding place(const bytes& v, Oid type, std::string_view& in_place) noexcept {
  if (type != oid::bytea) return encoding::wrong_type;
  // An empty vector may point nowhere, which would mean NULL.
  in_place = v.empty() ? std::string_view{""}
                       : std::string_view{reinterpret_cast<const char*>(v.data()), v.size()};
  return encoding::binary;
}

encoding place(const numeric& v, Oid type, std::string_view& in_place) noexcept {
  if (type != oid::numeric) return encoding::wrong_type;
  if (!is_numeric(v.digits)) return encoding::malformed;
  in_place = {v.digits.c_str(), v.digits.size()};
  return encoding::text;
}

} // namespace

[[gnu::hot]] encoding encode_parameter(const value& v, Oid type, std::string& out,
                                       std::string_view& in_place) {
  switch (v.type()) {
  case value_type::boolean: return encode(*std::get_if<bool>(&v), type, out);
  case value_type::integer: return encode(*std::get_if<std::int64_t>(&v), type, out);
  case value_type::real: return encode(*std::get_if<double>(&v), type, out);
  case value_type::text: return place_text(*std::get_if<std::string>(&v), type, in_place);
  case value_type::bytes: return place(*std::get_if<bytes>(&v), type, in_place);
  case value_type::uuid: return encode(*std::get_if<uuid>(&v), type, out);
  case value_type::date: return encode(*std::get_if<date>(&v), type, out);
  case value_type::time: return encode(*std::get_if<time_of_day>(&v), type, out);
  case value_type::timestamp: return encode(*std::get_if<timestamp>(&v), type, out);
  case value_type::numeric: return place(*std::get_if<numeric>(&v), type, in_place);
  case value_type::json: return place(*std::get_if<json_text>(&v), type, in_place);
  case value_type::array: return encode_array(*std::get_if<value_array>(&v), type, out);
  case value_type::null: break;
  }
  return encoding::wrong_type;
}

} // namespace holdfast::drivers::postgres
