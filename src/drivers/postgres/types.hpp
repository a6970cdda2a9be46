// PostgreSQL's types by OID, as `value`s.
#pragma once

#include <holdfast/value.hpp>

#include <libpq-fe.h>
#include <string>
#include <string_view>

namespace holdfast::drivers::postgres {

namespace oid {
enum : Oid {
  boolean = 16,
  bytea = 17,
  character = 18, // "char", one byte
  name = 19,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  text = 25,
  object = 26, // oid
  xid = 28,
  json = 114,
  float4 = 700,
  float8 = 701,
  unknown = 705,
  bpchar = 1042,
  varchar = 1043,
  date = 1082,
  time = 1083,
  timestamp = 1114,
  timestamptz = 1184,
  numeric = 1700,
  void_type = 2278,
  uuid = 2950,
  jsonb = 3802,
  xid8 = 5069,
};
} // namespace oid

struct type_info {
  Oid type;
  std::string_view name;
  value_type as;
  bool binary; ///< we read and write its binary form
  Oid element; ///< of an array; else 0
};

/// Null for a type that is not listed: an enum, a composite, an extension's. Those travel as text.
[[nodiscard]] const type_info* find_type(Oid type) noexcept;

/// "int4", or "oid 16543" for what is not listed.
[[nodiscard]] std::string type_name(Oid type);

/// text, varchar, char, name: what any string may go into in binary form.
[[nodiscard]] bool is_text(Oid type) noexcept;

// PostgreSQL counts from 2000-01-01.
inline constexpr int days_to_2000 = 10'957;
inline constexpr std::int64_t microseconds_a_day = 86'400'000'000;
inline constexpr std::int64_t microseconds_to_2000 = days_to_2000 * microseconds_a_day;

// What the server's dates hold, as it counts: 4714-11-24 BC to the year 5874897. Its timestamps
// begin with the same day and end later than ours.
inline constexpr std::int64_t first_day = -2'451'545;
inline constexpr std::int64_t end_of_days = 2'145'031'949;
inline constexpr std::int64_t first_microsecond = first_day * microseconds_a_day;

} // namespace holdfast::drivers::postgres
