#include "database/bulk_insert.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace holdfast::detail {

namespace {

// More rows a statement gain nothing, and each other number is another statement to prepare.
constexpr std::size_t most_rows = 500;

} // namespace

bulk_insert::bulk_insert(const drivers::sql_driver& engine, std::string_view table,
                         std::span<const std::string_view> columns)
    : engine_{engine}, columns_{columns.size()} {
  const bool blank = std::ranges::any_of(columns, [](std::string_view c) { return c.empty(); });
  if (table.empty() || columns.empty() || blank)
    problem_ = make_error(errc::invalid_statement,
                          "insert_many takes the name of a table and of at least one column");
  else if (columns.size() > engine.max_parameters())
    problem_ = make_error(errc::parameter_count,
                          fmt::format("insert_many was given {} columns; the engine takes {} "
                                      "parameters in one statement",
                                      columns.size(), engine.max_parameters()));
  if (problem_) return;
  head_ = "INSERT INTO " + engine.quote_identifier(table) + " (";
  for (std::size_t i = 0; i < columns.size(); ++i)
    head_ += (i ? ", " : "") + engine.quote_identifier(columns[i]);
  head_ += ") VALUES ";
}

void bulk_insert::write(std::size_t rows) {
  if (rows == written_) return;
  text_ = head_;
  std::uint32_t position = 1;
  for (std::size_t r = 0; r < rows; ++r) {
    text_ += r ? ", (" : "(";
    for (std::size_t c = 0; c < columns_; ++c)
      text_ += (c ? ", " : "") + engine_.placeholder(position++);
    text_ += ')';
  }
  written_ = rows;
}

result<bool> bulk_insert::fill(row_source& rows) {
  const std::size_t limit = std::min<std::size_t>(most_rows, engine_.max_parameters() / columns_);
  parameters_.clear();
  std::size_t taken = 0;
  while (taken < limit && rows.next(parameters_)) {
    ++taken;
    ++rows_taken_;
    if (parameters_.size() != taken * columns_)
      return make_error(errc::parameter_count,
                        fmt::format("row {} of insert_many has {} values for {} columns",
                                    rows_taken_, parameters_.size() - (taken - 1) * columns_,
                                    columns_));
  }
  if (taken == 0) return false;
  write(taken);
  return true;
}

} // namespace holdfast::detail
