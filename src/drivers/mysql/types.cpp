#include "drivers/mysql/types.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::drivers::mysql {
namespace {

using t = value_type;

constexpr unsigned binary_charset = 63;
constexpr int last_year = 9999;

struct type_row {
  enum_field_types type;
  std::string_view name;
  value_type as;
};

constexpr auto types = std::to_array<type_row>({
    {MYSQL_TYPE_DECIMAL, "decimal", t::numeric},
    {MYSQL_TYPE_TINY, "tinyint", t::integer},
    {MYSQL_TYPE_SHORT, "smallint", t::integer},
    {MYSQL_TYPE_LONG, "int", t::integer},
    {MYSQL_TYPE_FLOAT, "float", t::real},
    {MYSQL_TYPE_DOUBLE, "double", t::real},
    {MYSQL_TYPE_NULL, "null", t::text},
    {MYSQL_TYPE_TIMESTAMP, "timestamp", t::timestamp},
    {MYSQL_TYPE_LONGLONG, "bigint", t::integer},
    {MYSQL_TYPE_INT24, "mediumint", t::integer},
    {MYSQL_TYPE_DATE, "date", t::date},
    {MYSQL_TYPE_TIME, "time", t::time},
    {MYSQL_TYPE_DATETIME, "datetime", t::timestamp},
    {MYSQL_TYPE_YEAR, "year", t::integer},
    {MYSQL_TYPE_NEWDATE, "date", t::date},
    {MYSQL_TYPE_BIT, "bit", t::integer},
    {MYSQL_TYPE_JSON, "json", t::json},
    {MYSQL_TYPE_NEWDECIMAL, "decimal", t::numeric},
    {MYSQL_TYPE_GEOMETRY, "geometry", t::bytes},
});

/// Texts or bytes, or what MariaDB says they are.
constexpr auto texts = std::to_array<enum_field_types>(
    {MYSQL_TYPE_VARCHAR, MYSQL_TYPE_ENUM, MYSQL_TYPE_SET, MYSQL_TYPE_TINY_BLOB,
     MYSQL_TYPE_MEDIUM_BLOB, MYSQL_TYPE_LONG_BLOB, MYSQL_TYPE_BLOB, MYSQL_TYPE_VAR_STRING,
     MYSQL_TYPE_STRING});

/// "json" or "uuid" where MariaDB says more than the protocol's type.
std::string_view attribute(const MYSQL_FIELD& field, mariadb_field_attr_t which) noexcept {
  MARIADB_CONST_STRING text{};
  if (mariadb_field_attr(&text, &field, which) != 0 || !text.str) return {};
  return {text.str, text.length};
}

bool is_calendar_day(const MYSQL_TIME& v) noexcept {
  return v.month >= 1 && v.month <= 12 && v.day >= 1 && v.day <= 31;
}

std::chrono::microseconds within_day(const MYSQL_TIME& v) noexcept {
  return std::chrono::hours{v.hour} + std::chrono::minutes{v.minute} +
         std::chrono::seconds{v.second} + std::chrono::microseconds{v.second_part};
}

void set_clock(MYSQL_TIME& out, std::chrono::microseconds since_midnight) noexcept {
  const std::chrono::hh_mm_ss clock{since_midnight};
  out.hour = static_cast<unsigned>(clock.hours().count());
  out.minute = static_cast<unsigned>(clock.minutes().count());
  out.second = static_cast<unsigned>(clock.seconds().count());
  out.second_part = static_cast<unsigned long>(clock.subseconds().count());
}

} // namespace

bool is_known(enum_field_types type) noexcept {
  return std::ranges::find(types, type, &type_row::type) != types.end() ||
         std::ranges::find(texts, type) != texts.end();
}

std::string strange_column(std::span<const MYSQL_FIELD> fields) {
  for (const auto& f : fields)
    if (!is_known(f.type))
      return "column \"" + std::string{f.name, f.name_length} + "\" is of type number " +
             std::to_string(static_cast<int>(f.type)) + ", which this library does not know";
  return {};
}

bool is_binary(const MYSQL_FIELD& field) noexcept { return field.charsetnr == binary_charset; }

column describe(const MYSQL_FIELD& field) {
  std::string name{field.name, field.name_length};
  const auto* known = std::ranges::find(types, field.type, &type_row::type);
  if (known != types.end()) {
    const bool unsigned_integer = known->as == t::integer && (field.flags & UNSIGNED_FLAG) != 0;
    return {std::move(name), known->as,
            std::string{known->name} + (unsigned_integer ? " unsigned" : "")};
  }
  if (attribute(field, MARIADB_FIELD_ATTR_FORMAT_NAME) == "json")
    return {std::move(name), t::json, "json"};
  if (attribute(field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME) == "uuid")
    return {std::move(name), t::uuid, "uuid"};
  if (is_binary(field)) return {std::move(name), t::bytes, "blob"};
  return {std::move(name), t::text, "text"};
}

void write_uuid(const uuid& id, char* to) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
    const auto byte = std::to_integer<unsigned>(id.bytes[i]);
    *to++ = digits[byte >> 4U];
    *to++ = digits[byte & 15U];
  }
}

bool to_time(date v, MYSQL_TIME& out) noexcept {
  const std::chrono::year_month_day day{v};
  const int year = static_cast<int>(day.year());
  out = {};
  if (year < 0 || year > last_year) return false;
  out.year = static_cast<unsigned>(year);
  out.month = static_cast<unsigned>(day.month());
  out.day = static_cast<unsigned>(day.day());
  out.time_type = MYSQL_TIMESTAMP_DATE;
  return true;
}

bool to_time(time_of_day v, MYSQL_TIME& out) noexcept {
  out = {};
  if (v.since_midnight < std::chrono::microseconds::zero() ||
      v.since_midnight > std::chrono::hours{24})
    return false;
  set_clock(out, v.since_midnight);
  out.time_type = MYSQL_TIMESTAMP_TIME;
  return true;
}

bool to_time(timestamp v, MYSQL_TIME& out) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(v);
  if (!to_time(day, out)) return false;
  set_clock(out, v - day);
  out.time_type = MYSQL_TIMESTAMP_DATETIME;
  return true;
}

bool from_time(const MYSQL_TIME& v, date& out) noexcept {
  if (!is_calendar_day(v)) return false;
  const std::chrono::year_month_day day{std::chrono::year{static_cast<int>(v.year)},
                                        std::chrono::month{v.month}, std::chrono::day{v.day}};
  if (!day.ok()) return false;
  out = day;
  return true;
}

bool from_time(const MYSQL_TIME& v, time_of_day& out) noexcept {
  const auto since_midnight = within_day(v);
  if (v.neg || v.day != 0 || since_midnight > std::chrono::hours{24}) return false;
  out = time_of_day{since_midnight};
  return true;
}

bool from_time(const MYSQL_TIME& v, timestamp& out) noexcept {
  date day;
  if (!from_time(v, day) || within_day(v) >= std::chrono::hours{24}) return false;
  out = timestamp{day} + within_day(v);
  return true;
}

} // namespace holdfast::drivers::mysql
