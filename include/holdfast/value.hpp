#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast {

/// The column and parameter types that every engine maps to and from.
enum class value_type : std::uint8_t {
  null,
  boolean,
  integer, ///< 64 bits, signed
  real,    ///< double
  text,    ///< UTF-8; may hold NUL where the engine can store it
  bytes,
  uuid,
  date,      ///< days
  time,      ///< microseconds since midnight
  timestamp, ///< microseconds since 1970-01-01 00:00 UTC
  numeric,   ///< decimal digits as text, never through double
  json,      ///< as text
  array,
};

[[nodiscard]] std::string_view to_string(value_type) noexcept;

struct uuid {
  std::array<std::byte, 16> bytes{};
  friend auto operator<=>(const uuid&, const uuid&) = default;
};
/// "550e8400-e29b-41d4-a716-446655440000"
[[nodiscard]] std::string to_string(const uuid&);
/// Accepts the 8-4-4-4-12 form in either case; returns false otherwise.
[[nodiscard]] bool parse(std::string_view text, uuid& out) noexcept;

/// A decimal number as its digits.
struct numeric {
  std::string digits;
  friend bool operator==(const numeric&, const numeric&) = default;
};

using date = std::chrono::sys_days;
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;
struct time_of_day {
  std::chrono::microseconds since_midnight{};
  friend auto operator<=>(const time_of_day&, const time_of_day&) = default;
};

struct null_t {
  friend bool operator==(null_t, null_t) = default;
};
struct json_text {
  std::string text;
  friend bool operator==(const json_text&, const json_text&) = default;
};
using bytes = std::vector<std::byte>;
struct value;
/// Of one array only: `value_array(1, inner)`. With braces some compilers would copy it instead.
using value_array = std::vector<value>;

/// One parameter or one cell, owned. The alternatives stand in the order of `value_type`.
struct value : std::variant<null_t, bool, std::int64_t, double, std::string, bytes, uuid, date,
                            time_of_day, timestamp, numeric, json_text, value_array> {
  using variant::variant;
  [[nodiscard]] value_type type() const noexcept { return static_cast<value_type>(index()); }
};

} // namespace holdfast
