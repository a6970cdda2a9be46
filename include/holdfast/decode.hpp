#pragma once

#include <holdfast/statement.hpp>

#include <boost/json/value.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <type_traits>

namespace holdfast {

/// Where a value stands, for error messages.
struct cell_position {
  std::size_t index = 0; ///< from 0
  const column* description = nullptr;
};

/// Turns one cell into a C++ value. Checked: a number that does not fit, a NULL into a type that is
/// not optional and a type that does not match are errors that name the column and both types. The
/// cell may be moved from. To teach it a type of your own, add an overload of `from_cell` beside
/// it.
///
/// Errors: unexpected_null, column_type, value_out_of_range.
result<void> from_cell(value& cell, const cell_position& at, bool& out);
result<void> from_cell(value& cell, const cell_position& at, std::int64_t& out);
result<void> from_cell(value& cell, const cell_position& at, std::uint64_t& out);
result<void> from_cell(value& cell, const cell_position& at, double& out);
result<void> from_cell(value& cell, const cell_position& at, std::string& out);
result<void> from_cell(value& cell, const cell_position& at, bytes& out);
result<void> from_cell(value& cell, const cell_position& at, uuid& out);
result<void> from_cell(value& cell, const cell_position& at, date& out);
result<void> from_cell(value& cell, const cell_position& at, time_of_day& out);
result<void> from_cell(value& cell, const cell_position& at, timestamp& out);
result<void> from_cell(value& cell, const cell_position& at, numeric& out);
result<void> from_cell(value& cell, const cell_position& at, json_text& out);
result<void> from_cell(value& cell, const cell_position& at, boost::json::value& out);
result<void> from_cell(value& cell, const cell_position& at, value& out);

namespace detail {
error unexpected_null(const cell_position& at);
error wrong_type(const value& cell, const cell_position& at, std::string_view wanted);
error out_of_range(const cell_position& at, std::string_view wanted);
error wrong_column_count(std::size_t wanted, std::size_t given);
} // namespace detail

template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, std::int64_t> &&
           !std::same_as<T, std::uint64_t>)
result<void> from_cell(value& cell, const cell_position& at, T& out) {
  std::int64_t wide = 0;
  if (auto r = from_cell(cell, at, wide); !r) return r;
  if (!std::in_range<T>(wide)) return detail::out_of_range(at, "a smaller integer type");
  out = static_cast<T>(wide);
  return {};
}

inline result<void> from_cell(value& cell, const cell_position& at, float& out) {
  double wide = 0;
  if (auto r = from_cell(cell, at, wide); !r) return r;
  constexpr double largest = std::numeric_limits<float>::max();
  const bool finite = std::abs(wide) <= std::numeric_limits<double>::max();
  if (finite && std::abs(wide) > largest) return detail::out_of_range(at, "a float");
  out = static_cast<float>(wide);
  return {};
}

template <class T>
result<void> from_cell(value& cell, const cell_position& at, std::optional<T>& out) {
  if (cell.type() == value_type::null) {
    out.reset();
    return {};
  }
  return from_cell(cell, at, out.emplace());
}

template <class T>
  requires(!std::same_as<T, std::byte>)
result<void> from_cell(value& cell, const cell_position& at, std::vector<T>& out) {
  auto* items = std::get_if<value_array>(&cell);
  if (cell.type() == value_type::null) return detail::unexpected_null(at);
  if (!items) return detail::wrong_type(cell, at, "an array");
  out.clear();
  for (value& item : *items) {
    T element{};
    if (auto r = from_cell(item, at, element); !r) return r;
    out.push_back(std::move(element));
  }
  return {};
}

template <class T>
concept cell_type = requires(value& cell, const cell_position& at, T& out) {
  { from_cell(cell, at, out) } -> std::same_as<result<void>>;
};

} // namespace holdfast
