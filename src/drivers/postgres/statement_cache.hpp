#pragma once

#include "drivers/postgres/rows.hpp"
#include "drivers/postgres/sql_text.hpp"

#include <cstdint>
#include <libpq-fe.h>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::drivers::postgres {

/// What a connection knows of a statement that its server has described.
struct prepared_statement {
  std::string sql;
  std::string name; ///< the server's; empty: sent as text each time
  sql_facts facts;
  std::vector<Oid> parameter_types;
  row_shape shape;
};

/// The statements of one connection, the least recently used out first. Knows nothing of the
/// server: names of statements to be closed there are handed out by `take_doomed`.
class statement_cache {
public:
  /// At least one statement is always kept: the one in use.
  explicit statement_cache(std::size_t capacity) noexcept : capacity_{capacity ? capacity : 1} {}

  /// Valid until the next `insert` or `forget`.
  [[nodiscard]] prepared_statement* find(std::string_view sql);
  prepared_statement& insert(prepared_statement s);
  /// The server need not close it: it has lost it, or is to lose it.
  void forget(std::string_view sql);
  void forget_all() noexcept;
  /// Closes this one with the next doomed.
  void doom(std::string_view sql);

  [[nodiscard]] std::vector<std::string> take_doomed() noexcept { return std::move(doomed_); }
  [[nodiscard]] std::size_t size() const noexcept { return used_.size(); }

private:
  using order = std::list<prepared_statement>;

  std::size_t capacity_;
  order used_;                                                   // the newest first
  std::unordered_map<std::string_view, order::iterator> by_sql_; // keys point into used_
  std::vector<std::string> doomed_;
};

} // namespace holdfast::drivers::postgres
