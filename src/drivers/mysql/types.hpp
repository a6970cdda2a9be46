// The engine's types as `value`s.
#pragma once

#include <holdfast/statement.hpp>
#include <holdfast/value.hpp>

#include <cstddef>
#include <mysql.h>
#include <span>
#include <string>

namespace holdfast::drivers::mysql {

/// A column as the server describes it. MariaDB names its UUID and JSON columns besides their type.
[[nodiscard]] column describe(const MYSQL_FIELD& field);

/// Of the types that the library can fetch; at any other it would jump to nowhere.
[[nodiscard]] bool is_known(enum_field_types type) noexcept;

/// Names the first column of another type; empty if there is none.
[[nodiscard]] std::string strange_column(std::span<const MYSQL_FIELD> fields);

/// Bytes without a character set.
[[nodiscard]] bool is_binary(const MYSQL_FIELD& field) noexcept;

inline constexpr std::size_t uuid_text_size = 36;
/// Writes the 8-4-4-4-12 form; `to` has room for it.
void write_uuid(const uuid& id, char* to) noexcept;

// False for what the other side cannot hold: years outside 0 to 9999; a zero date or one with a
// zero in it, a time that is negative or longer than a day.
[[nodiscard]] bool to_time(date v, MYSQL_TIME& out) noexcept;
[[nodiscard]] bool to_time(time_of_day v, MYSQL_TIME& out) noexcept;
[[nodiscard]] bool to_time(timestamp v, MYSQL_TIME& out) noexcept;
[[nodiscard]] bool from_time(const MYSQL_TIME& v, date& out) noexcept;
[[nodiscard]] bool from_time(const MYSQL_TIME& v, time_of_day& out) noexcept;
[[nodiscard]] bool from_time(const MYSQL_TIME& v, timestamp& out) noexcept;

} // namespace holdfast::drivers::mysql
