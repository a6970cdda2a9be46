// Values in and out of SQLite.
//
// Parameters: integers, doubles, text, bytes and null as they are; a boolean as 0 or 1; uuid, date,
// time, timestamp, numeric and json as text in one fixed form that sorts as the values do.
// Cells come back as SQLite stores them (integer, real, text, bytes or null): a column's declared
// type is passed on as a hint only, since SQLite does not enforce it.
// A numeric must live in a TEXT column: a column declared NUMERIC turns digits into a double.
#pragma once

#include <holdfast/error.hpp>
#include <holdfast/value.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

struct sqlite3_stmt;

namespace holdfast::drivers::sqlite {

using text_buffer = std::array<char, 40>;

/// "2026-11-21"; nothing outside the years 0 to 9999.
[[nodiscard]] std::optional<std::string_view> format(date, text_buffer&) noexcept;
/// "23:59:59.000001"; nothing outside one day.
[[nodiscard]] std::optional<std::string_view> format(time_of_day, text_buffer&) noexcept;
/// "2026-11-21 23:59:59.000001", UTC; nothing outside the years 0 to 9999.
[[nodiscard]] std::optional<std::string_view> format(timestamp, text_buffer&) noexcept;

/// Why SQLite cannot take `v` as the parameter at `position` (from 1), if it cannot.
/// Errors: parameter_type (array), value_out_of_range (NaN, a date outside the years 0 to 9999).
[[nodiscard]] std::optional<error> refuse(std::uint32_t position, const value& v);

/// Binds a value that `refuse` lets pass. Text and bytes are not copied: `v` must outlive the
/// binding. Returns SQLite's result code.
[[nodiscard]] int bind(sqlite3_stmt* statement, int position, const value& v);

/// Reads a cell of the current row into `out`, reusing its memory. False: out of memory.
[[nodiscard]] bool read_cell(sqlite3_stmt* statement, int column, value& out);

/// What a declared column type says: `BOOLEAN`, `DATE`, `DECIMAL(10,2)`; null for "anything".
[[nodiscard]] value_type declared_type(std::string_view declaration) noexcept;

} // namespace holdfast::drivers::sqlite
