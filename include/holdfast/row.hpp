#pragma once

#include <holdfast/decode.hpp>

#include <boost/pfr/core.hpp>
#include <tuple>
#include <utility>
#include <vector>

namespace holdfast {

namespace detail {

template <class... Ts>
struct row_of {
  using type = std::tuple<Ts...>;
};
template <class T>
struct row_of<T> {
  using type = T;
};

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;

template <class Tuple, std::size_t... I>
result<void> decode_fields(std::span<value> cells, std::span<const column> cols, Tuple&& fields,
                           std::index_sequence<I...>) {
  result<void> first;
  (void)((first = from_cell(cells[I], {I, &cols[I]}, std::get<I>(fields)), first.has_value()) &&
         ...);
  return first;
}

template <class Row>
constexpr std::size_t column_count() {
  if constexpr (cell_type<Row>)
    return 1;
  else if constexpr (is_tuple<Row>)
    return std::tuple_size_v<Row>;
  else
    return boost::pfr::tuple_size_v<Row>;
}

template <class Row>
result<void> decode_row(std::span<value> cells, std::span<const column> cols, Row& out) {
  constexpr std::size_t n = column_count<Row>();
  if (cells.size() != n) return wrong_column_count(n, cells.size());
  if constexpr (cell_type<Row>)
    return from_cell(cells[0], {0, cols.data()}, out);
  else if constexpr (is_tuple<Row>)
    return decode_fields(cells, cols, out, std::make_index_sequence<n>{});
  else
    return decode_fields(cells, cols, boost::pfr::structure_tie(out),
                         std::make_index_sequence<n>{});
}

} // namespace detail

/// What one row becomes: `T` itself for one type (a scalar, a tuple, or an aggregate filled by
/// position), a tuple for several.
template <class... Ts>
using row = typename detail::row_of<Ts...>::type;

/// Collects typed rows. Count and types are checked against the result's columns.
template <class Row>
class typed_rows final : public row_sink {
public:
  void columns(std::span<const column> cols) override {
    columns_ = cols;
    width_ = cols.size();
    rows_.clear(); // a retried attempt begins anew
  }

  result<void> row(std::span<value> cells) override {
    Row made{}; // not in place: std::vector<bool> has no place
    auto decoded = detail::decode_row(cells, columns_, made);
    if (decoded) rows_.push_back(std::move(made));
    return decoded;
  }

  /// After the statement: an empty result is checked for its column count too.
  result<std::vector<Row>> take() {
    constexpr std::size_t n = detail::column_count<Row>();
    if (width_ != n) return detail::wrong_column_count(n, width_);
    return std::move(rows_);
  }

private:
  std::span<const column> columns_; // the driver's, until the statement ends
  std::size_t width_ = 0;
  std::vector<Row> rows_;
};

/// Keeps one value; a second row is an error, so that a forgotten WHERE does not pass unseen.
template <class T>
class typed_value final : public row_sink {
public:
  void columns(std::span<const column> cols) override {
    columns_ = cols;
    width_ = cols.size();
    value_.reset();
  }

  result<void> row(std::span<value> cells) override {
    if (value_)
      return make_error(errc::row_count,
                        "query_value takes at most one row, but the statement gave more");
    return detail::decode_row(cells, columns_, value_.emplace());
  }

  result<std::optional<T>> take() {
    if (width_ != 1) return detail::wrong_column_count(1, width_);
    return std::move(value_);
  }

private:
  std::span<const column> columns_; // the driver's, until the statement ends
  std::size_t width_ = 0;
  std::optional<T> value_;
};

} // namespace holdfast
