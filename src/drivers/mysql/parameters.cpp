#include "drivers/mysql/parameters.hpp"

#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/types.hpp"

#include <cmath>
#include <string>

namespace holdfast::drivers::mysql {
namespace {

/// What a request holds besides its values: head, nulls, types, lengths; and more than that.
constexpr std::uint64_t overhead = 1024;
constexpr std::uint64_t overhead_a_value = 16;

std::string where(std::size_t index) { return "parameter " + std::to_string(index + 1); }

error misfit(std::size_t index, const value& v) {
  const auto given = std::string{to_string(v.type())};
  if (v.type() == value_type::array)
    return refusal(errc::parameter_type,
                   where(index) + " is array, which this engine has no type for: pass it as JSON");
  const bool real = v.type() == value_type::real;
  return refusal(errc::value_out_of_range,
                 where(index) + ": this " + given +
                     (real ? " is no finite number, and this engine stores no other"
                           : " is outside the years 0 to 9999"));
}

error too_large(std::uint64_t bytes, std::uint64_t max_packet) {
  return refusal(errc::value_out_of_range,
                 "the parameters have " + std::to_string(bytes) +
                     " bytes together, and the server takes requests of at most "
                     "max_allowed_packet = " +
                     std::to_string(max_packet) + " bytes");
}

void point_to(MYSQL_BIND& bind, enum_field_types type, const void* data,
              std::size_t size) noexcept {
  bind.buffer_type = type;
  bind.buffer = const_cast<void*>(data ? data : ""); // only read; without one it would be a NULL
  bind.buffer_length = static_cast<unsigned long>(size);
}

} // namespace

[[gnu::hot]] bool parameter_block::place(MYSQL_BIND& bind, cell& at, const value& v) {
  switch (v.type()) {
  case value_type::null: point_to(bind, MYSQL_TYPE_NULL, nullptr, 0); return true;
  case value_type::boolean:
    at.integer = *std::get_if<bool>(&v) ? 1 : 0;
    point_to(bind, MYSQL_TYPE_LONGLONG, &at.integer, sizeof at.integer);
    return true;
  case value_type::integer:
    at.integer = *std::get_if<std::int64_t>(&v);
    point_to(bind, MYSQL_TYPE_LONGLONG, &at.integer, sizeof at.integer);
    return true;
  case value_type::real:
    at.real = *std::get_if<double>(&v);
    point_to(bind, MYSQL_TYPE_DOUBLE, &at.real, sizeof at.real);
    return std::isfinite(at.real);
  case value_type::text: {
    const auto& text = *std::get_if<std::string>(&v);
    point_to(bind, MYSQL_TYPE_STRING, text.data(), text.size());
    return true;
  }
  case value_type::bytes: {
    const auto& blob = *std::get_if<bytes>(&v);
    point_to(bind, MYSQL_TYPE_BLOB, blob.data(), blob.size());
    return true;
  }
  case value_type::uuid: {
    static_assert(sizeof(cell) >= uuid_text_size);
    auto* const to = reinterpret_cast<char*>(&at);
    write_uuid(*std::get_if<uuid>(&v), to);
    point_to(bind, MYSQL_TYPE_STRING, to, uuid_text_size);
    return true;
  }
  case value_type::date:
    point_to(bind, MYSQL_TYPE_DATE, &at.time, sizeof at.time);
    return to_time(*std::get_if<date>(&v), at.time);
  case value_type::time:
    point_to(bind, MYSQL_TYPE_TIME, &at.time, sizeof at.time);
    return to_time(*std::get_if<time_of_day>(&v), at.time);
  case value_type::timestamp:
    point_to(bind, MYSQL_TYPE_DATETIME, &at.time, sizeof at.time);
    return to_time(*std::get_if<timestamp>(&v), at.time);
  case value_type::numeric: {
    const auto& digits = std::get_if<numeric>(&v)->digits;
    point_to(bind, MYSQL_TYPE_NEWDECIMAL, digits.data(), digits.size());
    return true;
  }
  case value_type::json: {
    const auto& text = std::get_if<json_text>(&v)->text;
    point_to(bind, MYSQL_TYPE_STRING, text.data(), text.size());
    return true;
  }
  case value_type::array: break;
  }
  return false;
}

[[gnu::hot]] result<void> parameter_block::bind(MYSQL_STMT* statement,
                                                std::span<const value> values,
                                                std::uint64_t max_packet) {
  const std::size_t wanted = mysql_stmt_param_count(statement);
  if (values.size() != wanted)
    return refusal(errc::parameter_count, "the statement takes " + std::to_string(wanted) +
                                              " parameters, " + std::to_string(values.size()) +
                                              " were given");
  if (values.empty()) return {};
  if (binds_.size() != values.size()) {
    binds_.assign(values.size(), MYSQL_BIND{});
    bound_ = false;
  }
  cells_.resize(values.size());
  std::uint64_t size = overhead;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const MYSQL_BIND& last = binds_[i];
    MYSQL_BIND next{};
    if (!place(next, cells_[i], values[i])) return misfit(i, values[i]);
    size += next.buffer_length + overhead_a_value;
    if (next.buffer_type == last.buffer_type && next.buffer == last.buffer &&
        next.buffer_length == last.buffer_length)
      continue;
    binds_[i] = next;
    bound_ = false;
  }
  if (size > max_packet) return too_large(size, max_packet);
  // Bound again as it is, it would send its types again, and the server set itself up for them.
  if (bound_) return {};
  bound_ = mysql_stmt_bind_param(statement, binds_.data()) == 0;
  if (bound_) return {};
  return refusal(errc::internal_error, mysql_stmt_error(statement));
}

} // namespace holdfast::drivers::mysql
