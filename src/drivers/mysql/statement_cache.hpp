#pragma once

#include "drivers/mysql/handles.hpp"
#include "drivers/mysql/parameters.hpp"
#include "drivers/mysql/rows.hpp"
#include "drivers/mysql/sql_text.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::drivers::mysql {

/// What a connection knows of a statement that its server has prepared.
struct prepared_statement {
  std::string sql;
  mysql_statement handle;
  sql_facts facts;
  parameter_block parameters;
  row_reader rows;
};

/// The statements of one connection, the least recently used out first. Statements that are to be
/// closed on the server are handed out by `take_doomed`.
class statement_cache {
public:
  /// At least one statement is always kept: the one in use.
  explicit statement_cache(std::size_t capacity) noexcept : capacity_{capacity ? capacity : 1} {}

  /// Valid until the next `insert` or `doom`.
  [[nodiscard]] prepared_statement* find(std::string_view sql);
  prepared_statement& insert(prepared_statement s);
  /// Closes this one with the next doomed.
  void doom(std::string_view sql);
  /// The server has lost them all, or the connection is closed.
  void forget_all() noexcept;

  [[nodiscard]] std::vector<mysql_statement> take_doomed() noexcept { return std::move(doomed_); }
  [[nodiscard]] std::size_t size() const noexcept { return used_.size(); }

private:
  using order = std::list<prepared_statement>;

  std::size_t capacity_;
  order used_;                                                   // the newest first
  std::unordered_map<std::string_view, order::iterator> by_sql_; // keys point into used_
  std::vector<mysql_statement> doomed_;
};

} // namespace holdfast::drivers::mysql
