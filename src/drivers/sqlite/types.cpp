#include "drivers/sqlite/types.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <sqlite3.h>
#include <string>

namespace holdfast::drivers::sqlite {
namespace {

using namespace std::chrono;

char* put_digits(char* at, std::int64_t number, int width) noexcept {
  for (int i = width - 1; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
  return at + width;
}

char* put_date(char* at, year_month_day day) noexcept {
  at = put_digits(at, int{day.year()}, 4);
  *at++ = '-';
  at = put_digits(at, unsigned{day.month()}, 2);
  *at++ = '-';
  return put_digits(at, unsigned{day.day()}, 2);
}

char* put_time(char* at, microseconds since_midnight) noexcept {
  const hh_mm_ss parts{since_midnight};
  at = put_digits(at, parts.hours().count(), 2);
  *at++ = ':';
  at = put_digits(at, parts.minutes().count(), 2);
  *at++ = ':';
  at = put_digits(at, parts.seconds().count(), 2);
  *at++ = '.';
  return put_digits(at, parts.subseconds().count(), 6);
}

constexpr sys_days first_day{year{0} / January / 1};
constexpr sys_days last_day{year{9999} / December / 31};

bool fits(date d) noexcept { return d >= first_day && d <= last_day; }
bool fits(time_of_day t) noexcept {
  return t.since_midnight >= microseconds::zero() && t.since_midnight < days{1};
}

std::string_view written(const text_buffer& out, const char* end) noexcept {
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

int bind_text(sqlite3_stmt* s, int position, std::string_view text, sqlite3_destructor_type keep) {
  return sqlite3_bind_text64(s, position, text.data() ? text.data() : "", text.size(), keep,
                             SQLITE_UTF8);
}

template <class T>
int bind_formatted(sqlite3_stmt* s, int position, T v) {
  text_buffer buffer;
  const auto text = format(v, buffer);
  if (!text) return SQLITE_MISUSE; // `refuse` was not asked
  return bind_text(s, position, *text, SQLITE_TRANSIENT);
}

// One overload a type: std::visit picks.
struct binder {
  sqlite3_stmt* s;
  int at;

  int operator()(null_t) const { return sqlite3_bind_null(s, at); }
  int operator()(bool v) const { return sqlite3_bind_int(s, at, v ? 1 : 0); }
  int operator()(std::int64_t v) const { return sqlite3_bind_int64(s, at, v); }
  int operator()(double v) const { return sqlite3_bind_double(s, at, v); }
  int operator()(const std::string& v) const { return bind_text(s, at, v, SQLITE_STATIC); }
  int operator()(const bytes& v) const {
    if (v.empty()) return sqlite3_bind_zeroblob(s, at, 0); // a null pointer would bind NULL
    return sqlite3_bind_blob64(s, at, v.data(), v.size(), SQLITE_STATIC);
  }
  int operator()(const uuid& v) const { return bind_text(s, at, to_string(v), SQLITE_TRANSIENT); }
  int operator()(date v) const { return bind_formatted(s, at, v); }
  int operator()(time_of_day v) const { return bind_formatted(s, at, v); }
  int operator()(timestamp v) const { return bind_formatted(s, at, v); }
  int operator()(const numeric& v) const { return bind_text(s, at, v.digits, SQLITE_STATIC); }
  int operator()(const json_text& v) const { return bind_text(s, at, v.text, SQLITE_STATIC); }
  int operator()(const value_array&) const { return SQLITE_MISUSE; }
};

bool read_text(sqlite3_stmt* s, int column, value& out) {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
  if (!data) return false;
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(s, column));
  if (auto* text = std::get_if<std::string>(&out))
    text->assign(data, size);
  else
    out.emplace<std::string>(data, size);
  return true;
}

bool read_bytes(sqlite3_stmt* s, int column, value& out) {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(s, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(s, column));
  if (!data && size > 0) return false;
  out.emplace<bytes>(data, data + size);
  return true;
}

std::string what_is_wrong(const value& v) {
  if (const auto* real = std::get_if<double>(&v); real && std::isnan(*real))
    return "is not a number, which SQLite would store as NULL";
  text_buffer buffer;
  if (const auto* d = std::get_if<date>(&v); d && !format(*d, buffer))
    return "is a date outside the years 0 to 9999";
  if (const auto* t = std::get_if<timestamp>(&v); t && !format(*t, buffer))
    return "is a timestamp outside the years 0 to 9999";
  if (const auto* t = std::get_if<time_of_day>(&v); t && !format(*t, buffer))
    return "is a time outside one day";
  return {};
}

struct declaration {
  std::string_view name;
  value_type type;
};
constexpr auto declarations = std::to_array<declaration>({
    {"boolean", value_type::boolean},
    {"bool", value_type::boolean},
    {"date", value_type::date},
    {"time", value_type::time},
    {"datetime", value_type::timestamp},
    {"timestamp", value_type::timestamp},
    {"uuid", value_type::uuid},
    {"json", value_type::json},
    {"numeric", value_type::numeric},
    {"decimal", value_type::numeric},
});

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::optional<std::string_view> format(date d, text_buffer& out) noexcept {
  if (!fits(d)) return std::nullopt;
  return written(out, put_date(out.data(), year_month_day{d}));
}

std::optional<std::string_view> format(time_of_day t, text_buffer& out) noexcept {
  if (!fits(t)) return std::nullopt;
  return written(out, put_time(out.data(), t.since_midnight));
}

std::optional<std::string_view> format(timestamp t, text_buffer& out) noexcept {
  const auto day = floor<days>(t);
  if (!fits(day)) return std::nullopt;
  char* at = put_date(out.data(), year_month_day{day});
  *at++ = ' ';
  return written(out, put_time(at, t - day));
}

std::optional<error> refuse(std::uint32_t position, const value& v) {
  const auto which = "parameter " + std::to_string(position);
  if (v.type() == value_type::array)
    return make_error(errc::parameter_type,
                      which + " is an array; SQLite takes null, boolean, integer, real, text, "
                              "bytes, uuid, date, time, timestamp, numeric or json");
  if (const auto wrong = what_is_wrong(v); !wrong.empty())
    return make_error(errc::value_out_of_range, which + " " + wrong);
  return std::nullopt;
}

int bind(sqlite3_stmt* statement, int position, const value& v) {
  const auto& alternatives = static_cast<const value::variant&>(v);
  return std::visit(binder{statement, position}, alternatives);
}

bool read_cell(sqlite3_stmt* statement, int column, value& out) {
  switch (sqlite3_column_type(statement, column)) {
  case SQLITE_INTEGER:
    out.emplace<std::int64_t>(sqlite3_column_int64(statement, column));
    return true;
  case SQLITE_FLOAT: out.emplace<double>(sqlite3_column_double(statement, column)); return true;
  case SQLITE_TEXT: return read_text(statement, column, out);
  case SQLITE_BLOB: return read_bytes(statement, column, out);
  default: out.emplace<null_t>(); return true;
  }
}

value_type declared_type(std::string_view text) noexcept {
  auto name = text.substr(0, text.find('('));
  while (name.ends_with(' ')) name.remove_suffix(1);
  for (const auto& d : declarations)
    if (std::ranges::equal(name, d.name, {}, lower)) return d.type;
  return value_type::null;
}

} // namespace holdfast::drivers::sqlite
