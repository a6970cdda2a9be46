// Multi-row INSERT statements, as many rows each as the engine takes parameters.
#pragma once

#include "drivers/sql_driver.hpp"

#include <holdfast/sql_verbs.hpp>

#include <optional>
#include <string>

namespace holdfast::detail {

class bulk_insert {
public:
  bulk_insert(const drivers::sql_driver& engine, std::string_view table,
              std::span<const std::string_view> columns);

  /// A table or column list that cannot be written; nothing was sent.
  [[nodiscard]] std::optional<error> problem() const { return problem_; }

  /// Takes the next rows; false when there are no more. Errors: parameter_count (a row of another
  /// width).
  [[nodiscard]] result<bool> fill(row_source& rows);
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] std::span<const value> parameters() const noexcept { return parameters_; }

private:
  void write(std::size_t rows);

  const drivers::sql_driver& engine_;
  std::size_t columns_;
  std::string head_; // INSERT INTO "t" ("a", "b") VALUES
  std::string text_; // for `written_` rows
  std::size_t written_ = 0;
  std::size_t rows_taken_ = 0;
  std::vector<value> parameters_;
  std::optional<error> problem_;
};

} // namespace holdfast::detail
