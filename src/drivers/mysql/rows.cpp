#include "drivers/mysql/rows.hpp"

#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/types.hpp"

#include <cstring>
#include <limits>
#include <string>
#include <utility>

namespace holdfast::drivers::mysql {
namespace {

/// What a signed number of 64 bits cannot hold comes as its digits, as such a parameter goes.
void take_unsigned(std::uint64_t number, value& out) {
  if (std::in_range<std::int64_t>(number))
    out = static_cast<std::int64_t>(number);
  else
    out = numeric{std::to_string(number)};
}

std::uint64_t bits_of(const char* bytes, std::size_t size) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i)
    number = number << 8U | static_cast<unsigned char>(bytes[i]);
  return number;
}

/// The last row's capacity, where the sink left it.
template <class T>
T& reused(value& out) {
  if (auto* kept = std::get_if<T>(&out)) return *kept;
  return out.emplace<T>();
}

} // namespace

void row_reader::point(MYSQL_BIND& bind, slot& to, value_type as) noexcept {
  bind.length = &to.length;
  bind.is_null = &to.is_null;
  bind.error = &to.truncated;
  bind.buffer = &to.integer; // and all that share its place
  if (to.type == MYSQL_TYPE_BIT || as == value_type::text || as == value_type::bytes ||
      as == value_type::json || as == value_type::uuid || as == value_type::numeric) {
    bind.buffer_type = to.charset == 63 ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
    bind.buffer = to.text.data();
    bind.buffer_length = to.text.size();
    return;
  }
  bind.buffer_type = to.type;
  if (as == value_type::integer) {
    bind.buffer_type = MYSQL_TYPE_LONGLONG;
    bind.is_unsigned = (to.flags & UNSIGNED_FLAG) != 0 ? 1 : 0;
  }
}

bool row_reader::fits(const MYSQL_FIELD* fields, std::size_t count) const noexcept {
  if (slots_.size() != count) return false;
  for (std::size_t i = 0; i < count; ++i)
    if (slots_[i].type != fields[i].type || slots_[i].flags != fields[i].flags ||
        slots_[i].charset != fields[i].charsetnr)
      return false;
  return true;
}

void row_reader::adopt(const MYSQL_FIELD* fields, std::size_t count) {
  columns_.clear();
  slots_.clear();
  slots_.resize(count);
  binds_.assign(count, MYSQL_BIND{});
  for (std::size_t i = 0; i < count; ++i) {
    slot& s = slots_[i];
    s.type = fields[i].type;
    s.flags = fields[i].flags;
    s.charset = fields[i].charsetnr;
    columns_.push_back(describe(fields[i]));
    point(binds_[i], s, columns_.back().type);
  }
}

[[gnu::hot]] bool row_reader::bind(MYSQL_STMT* statement) {
  const MYSQL_FIELD* const fields = mariadb_stmt_fetch_fields(statement);
  const std::size_t count = mysql_stmt_field_count(statement);
  if (!fields) return false;
  if (!fits(fields, count)) {
    strange_ = strange_column({fields, count});
    if (!strange_.empty()) return false;
    adopt(fields, count);
  }
  return mysql_stmt_bind_result(statement, binds_.data()) == 0;
}

/// Text or bytes: from the place that they were fetched to, or where they are longer than that,
/// once more and straight to where they are wanted.
template <class Buffer>
[[gnu::hot]] bool row_reader::take(MYSQL_STMT* statement, std::size_t i, Buffer& out) const {
  const slot& s = slots_[i];
  out.resize(s.length);
  if (s.length <= s.text.size()) {
    if (s.length > 0) std::memcpy(out.data(), s.text.data(), s.length);
    return true;
  }
  unsigned long length = 0;
  my_bool is_null = 0;
  MYSQL_BIND whole{};
  whole.buffer_type = binds_[i].buffer_type;
  whole.buffer = out.data();
  whole.buffer_length = s.length;
  whole.length = &length;
  whole.is_null = &is_null;
  return mysql_stmt_fetch_column(statement, &whole, static_cast<unsigned>(i), 0) == 0 &&
         length == s.length;
}

[[gnu::hot]] bool row_reader::decode_cell(MYSQL_STMT* statement, std::size_t i, value& out) {
  slot& s = slots_[i];
  if (s.is_null) {
    out = null_t{};
    return true;
  }
  switch (columns_[i].type) {
  case value_type::integer:
    if (s.type == MYSQL_TYPE_BIT)
      take_unsigned(bits_of(s.text.data(), std::min<std::size_t>(s.length, 8)), out);
    else if (s.flags & UNSIGNED_FLAG)
      take_unsigned(static_cast<std::uint64_t>(s.integer), out);
    else
      out = s.integer;
    return true;
  case value_type::real:
    out = s.type == MYSQL_TYPE_FLOAT ? static_cast<double>(s.real32) : s.real;
    return true;
  case value_type::date: return from_time(s.time, out.emplace<date>());
  case value_type::time: return from_time(s.time, out.emplace<time_of_day>());
  case value_type::timestamp: return from_time(s.time, out.emplace<timestamp>());
  case value_type::bytes: return take(statement, i, reused<bytes>(out));
  case value_type::json: return take(statement, i, reused<json_text>(out).text);
  case value_type::numeric: return take(statement, i, reused<numeric>(out).digits);
  case value_type::uuid:
    return parse({s.text.data(), std::min<std::size_t>(s.length, s.text.size())},
                 out.emplace<uuid>());
  default: return take(statement, i, reused<std::string>(out));
  }
}

error row_reader::unreadable(std::size_t i) const {
  const column& c = columns_[i];
  return refusal(errc::invalid_data, "column " + std::to_string(i + 1) + " \"" + c.name +
                                         "\" holds a " + c.native_type +
                                         " that this library's type cannot hold (a zero date, or a "
                                         "time beyond a day?): cast it to char in the statement");
}

[[gnu::hot]] result<void> row_reader::decode(MYSQL_STMT* statement, std::vector<value>& cells) {
  cells.resize(slots_.size());
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (!decode_cell(statement, i, cells[i])) return unreadable(i);
  return {};
}

} // namespace holdfast::drivers::mysql
