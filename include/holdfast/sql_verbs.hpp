#pragma once

#include <holdfast/parameter.hpp>
#include <holdfast/row.hpp>
#include <holdfast/row_stream.hpp>
#include <holdfast/statement.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <vector>

namespace holdfast {

namespace detail {

/// The rows of a bulk insert, one at a time: appends the next row's values, false at the end.
class row_source {
public:
  virtual ~row_source() = default;
  virtual bool next(std::vector<value>& out) = 0;
};

template <class Row>
void append_row(const Row& r, std::vector<value>& out) {
  if constexpr (requires { to_parameter(r); })
    out.push_back(to_parameter(r));
  else if constexpr (is_tuple<Row>)
    std::apply([&](const auto&... field) { (out.push_back(to_parameter(field)), ...); }, r);
  else
    boost::pfr::for_each_field(r, [&](const auto& field) { out.push_back(to_parameter(field)); });
}

template <class Rows>
  requires std::ranges::forward_range<const Rows>
class range_source final : public row_source {
public:
  explicit range_source(const Rows& rows)
      : next_{std::ranges::begin(rows)}, end_{std::ranges::end(rows)} {}
  bool next(std::vector<value>& out) override {
    if (next_ == end_) return false;
    append_row(*next_, out);
    ++next_;
    return true;
  }

private:
  std::ranges::iterator_t<const Rows> next_;
  std::ranges::sentinel_t<const Rows> end_;
};

} // namespace detail

/// The verbs that a database, a view of it and a transaction share. Each exists twice: plain, which
/// throws `database_error`, and `try_…`, which returns `result`.
///
/// Placeholders are the engine's own ($1, ?1). Parameters are sent apart from the text, never
/// pasted.
template <class Derived>
class sql_verbs {
public:
  /// Runs one statement; gives the rows affected.
  template <class... Args>
  std::uint64_t execute(sql text, const Args&... args) {
    return try_execute(text, args...).value();
  }
  template <class... Args>
  result<std::uint64_t> try_execute(sql text, const Args&... args) {
    const auto parameters = to_parameters(args...);
    auto done = self().run(text, parameters, nullptr);
    if (!done) return std::move(done.error());
    return done->rows_affected;
  }

  /// All rows, owned: `query<long>`, `query<long, std::string>` (tuples), `query<booking>` (an
  /// aggregate, by position). Count and types of the columns are checked.
  template <class... Ts, class... Args>
  std::vector<row<Ts...>> query(sql text, const Args&... args) {
    return try_query<Ts...>(text, args...).value();
  }
  template <class... Ts, class... Args>
  result<std::vector<row<Ts...>>> try_query(sql text, const Args&... args) {
    const auto parameters = to_parameters(args...);
    typed_rows<row<Ts...>> rows;
    if (auto done = self().run(text, parameters, &rows); !done) return std::move(done.error());
    return rows.take();
  }

  /// The only column of the only row; no row gives nullopt, a second row is an error.
  template <class T, class... Args>
  std::optional<T> query_value(sql text, const Args&... args) {
    return try_query_value<T>(text, args...).value();
  }
  template <class T, class... Args>
  result<std::optional<T>> try_query_value(sql text, const Args&... args) {
    const auto parameters = to_parameters(args...);
    typed_value<T> row;
    if (auto done = self().run(text, parameters, &row); !done) return std::move(done.error());
    return row.take();
  }

  /// The rows one by one, in bounded memory; see `row_stream`. Not of a temporary: give the view
  /// a name.
  template <class... Ts, class... Args>
  row_stream<row<Ts...>> stream(sql text, const Args&... args) & {
    return try_stream<Ts...>(text, args...).value();
  }
  template <class... Ts, class... Args>
  result<row_stream<row<Ts...>>> try_stream(sql text, const Args&... args) & {
    const auto parameters = to_parameters(args...);
    detail::row_batch<row<Ts...>> first;
    auto opened = self().open_stream(text, parameters, first);
    if (!opened) return std::move(opened.error());
    if (auto fits = first.check(); !fits) return std::move(fits.error());
    return row_stream<row<Ts...>>{std::move(*opened), std::move(first)};
  }
  template <class... Ts, class... Args>
  row_stream<row<Ts...>> stream(sql text, const Args&... args) && = delete;
  template <class... Ts, class... Args>
  result<row_stream<row<Ts...>>> try_stream(sql text, const Args&... args) && = delete;

  /// Several statements in one text, without parameters or results. Once sent it is not sent again,
  /// unless the view is `idempotent`.
  void script(sql text) { try_script(text).value(); }
  result<void> try_script(sql text) { return self().run_script(text); }

  /// Inserts all rows, or none: many rows a statement, one transaction. Rows are scalars, tuples or
  /// aggregates, by position; `table` and `columns` are quoted as identifiers ("schema.table" is
  /// two). The rows are read anew for each attempt and for an operation key, so a range that can be
  /// read only once will not do.
  template <class Rows>
    requires std::ranges::forward_range<const Rows>
  std::uint64_t insert_many(sql table, std::initializer_list<std::string_view> columns,
                            const Rows& rows) {
    return try_insert_many(table, columns, rows).value();
  }
  template <class Rows>
    requires std::ranges::forward_range<const Rows>
  result<std::uint64_t> try_insert_many(sql table, std::initializer_list<std::string_view> columns,
                                        const Rows& rows) {
    const std::span names{columns.begin(), columns.size()};
    return self().run_insert(table, names, [&rows]() -> std::unique_ptr<detail::row_source> {
      return std::make_unique<detail::range_source<Rows>>(rows);
    });
  }

private:
  Derived& self() { return static_cast<Derived&>(*this); }
};

} // namespace holdfast
