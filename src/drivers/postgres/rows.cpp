#include "drivers/postgres/rows.hpp"

#include "drivers/postgres/array_decoding.hpp"
#include "drivers/postgres/big_endian.hpp"
#include "drivers/postgres/errors.hpp"
#include "drivers/postgres/numeric_digits.hpp"
#include "drivers/postgres/text_values.hpp"
#include "drivers/postgres/types.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace holdfast::drivers::postgres {
namespace {

template <class T>
bool take_integer(std::string_view in, value& out) noexcept {
  if (in.size() != sizeof(T)) return false;
  const T number = big_endian<T>(in);
  if (!std::in_range<std::int64_t>(number)) return false;
  out = static_cast<std::int64_t>(number);
  return true;
}

bool take_float8(std::string_view in, value& out) noexcept {
  if (in.size() != 8) return false;
  out = std::bit_cast<double>(big_endian<std::uint64_t>(in));
  return true;
}

bool take_float4(std::string_view in, value& out) noexcept {
  if (in.size() != 4) return false;
  out = static_cast<double>(std::bit_cast<float>(big_endian<std::uint32_t>(in)));
  return true;
}

bool take_bytes(std::string_view in, value& out) {
  const auto* first = reinterpret_cast<const std::byte*>(in.data());
  out = bytes(first, first + in.size());
  return true;
}

bool take_text(std::string_view in, value& out) {
  if (auto* kept = std::get_if<std::string>(&out))
    kept->assign(in); // the last row's capacity, where the sink left it
  else
    out = std::string{in};
  return true;
}

bool take_uuid(std::string_view in, value& out) noexcept {
  uuid id;
  if (in.size() != id.bytes.size()) return false;
  std::memcpy(id.bytes.data(), in.data(), in.size());
  out = id;
  return true;
}

bool take_date(std::string_view in, value& out) noexcept {
  if (in.size() != 4) return false;
  const auto days = big_endian<std::int32_t>(in);
  // The two ends of the type are infinities, and lie beyond these.
  if (days < first_day || days >= end_of_days) return false;
  out = date{std::chrono::days{days + days_to_2000}};
  return true;
}

bool take_time(std::string_view in, value& out) noexcept {
  if (in.size() != 8) return false;
  const auto micros = big_endian<std::int64_t>(in);
  if (micros < 0 || micros > microseconds_a_day) return false;
  out = time_of_day{std::chrono::microseconds{micros}};
  return true;
}

bool take_timestamp(std::string_view in, value& out) noexcept {
  if (in.size() != 8) return false;
  const auto micros = big_endian<std::int64_t>(in);
  using limits = std::numeric_limits<std::int64_t>;
  if (micros < first_microsecond || micros > limits::max() - microseconds_to_2000) return false;
  out = timestamp{std::chrono::microseconds{micros + microseconds_to_2000}};
  return true;
}

bool take_numeric(std::string_view in, value& out) {
  numeric n;
  if (!decode_numeric(in, n.digits)) return false;
  out = std::move(n);
  return true;
}

bool take_jsonb(std::string_view in, value& out) {
  if (!in.starts_with('\1')) return false; // the only version there is
  out = json_text{std::string{in.substr(1)}};
  return true;
}

error unreadable(const row_shape& shape, int column_index) {
  const auto& c = shape.columns[static_cast<std::size_t>(column_index)];
  return refusal(errc::invalid_data, "column " + std::to_string(column_index + 1) + " \"" + c.name +
                                         "\" holds a " + c.native_type +
                                         " that this library's type cannot hold (an infinity?): "
                                         "cast it to text in the statement");
}

bool decode_cell(const PGresult* r, int row, int c, Oid type, value& out) {
  const auto size = static_cast<std::size_t>(PQgetlength(r, row, c));
  if (size == 0 && PQgetisnull(r, row, c)) {
    out = null_t{};
    return true;
  }
  const std::string_view cell{PQgetvalue(r, row, c), size};
  return PQfformat(r, c) == 1 ? decode_binary(cell, type, out) : decode_text(cell, type, out);
}

} // namespace

[[gnu::hot]] bool decode_binary(std::string_view in, Oid type, value& out) {
  switch (type) {
  case oid::boolean: return in.size() == 1 && (out = in[0] != '\0', true);
  case oid::int2: return take_integer<std::int16_t>(in, out);
  case oid::int4: return take_integer<std::int32_t>(in, out);
  case oid::int8: return take_integer<std::int64_t>(in, out);
  case oid::xid8: return take_integer<std::uint64_t>(in, out);
  case oid::object:
  case oid::xid: return take_integer<std::uint32_t>(in, out);
  case oid::float4: return take_float4(in, out);
  case oid::float8: return take_float8(in, out);
  case oid::bytea: return take_bytes(in, out);
  case oid::uuid: return take_uuid(in, out);
  case oid::date: return take_date(in, out);
  case oid::time: return take_time(in, out);
  case oid::timestamp:
  case oid::timestamptz: return take_timestamp(in, out);
  case oid::numeric: return take_numeric(in, out);
  case oid::json: out = json_text{std::string{in}}; return true;
  case oid::jsonb: return take_jsonb(in, out);
  default: break;
  }
  const auto* known = find_type(type);
  if (!known || !known->binary) return false;
  return known->element != 0 ? decode_array_binary(in, known->element, out) : take_text(in, out);
}

row_shape row_shape::of(const PGresult* described) {
  row_shape shape;
  const int n = PQnfields(described);
  for (int i = 0; i < n; ++i) {
    const Oid type = PQftype(described, i);
    const auto* known = find_type(type);
    const auto as = known ? known->as : value_type::text;
    shape.columns.push_back({PQfname(described, i), as, type_name(type)});
    shape.types.push_back(type);
    shape.binary = shape.binary && known && known->binary;
  }
  return shape;
}

bool row_shape::matches(const PGresult* r) const noexcept {
  const int n = PQnfields(r);
  if (static_cast<std::size_t>(n) != types.size()) return false;
  for (int i = 0; i < n; ++i)
    if (PQftype(r, i) != types[static_cast<std::size_t>(i)]) return false;
  return true;
}

[[gnu::hot]] result<void> decode_row(const PGresult* r, int row, const row_shape& shape,
                                     std::vector<value>& cells) {
  const auto n = shape.types.size();
  cells.resize(n);
  for (std::size_t i = 0; i < n; ++i)
    if (!decode_cell(r, row, static_cast<int>(i), shape.types[i], cells[i]))
      return unreadable(shape, static_cast<int>(i));
  return {};
}

} // namespace holdfast::drivers::postgres
