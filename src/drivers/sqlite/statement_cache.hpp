// The prepared statements of one connection, least recently used out first. Bounded; a hit
// allocates nothing.
#pragma once

#include "drivers/sql_driver.hpp"
#include "drivers/sqlite/sql_text.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct sqlite3_stmt;

namespace holdfast::drivers::sqlite {

struct finalizer {
  void operator()(sqlite3_stmt* s) const noexcept;
};
using statement_handle = std::unique_ptr<sqlite3_stmt, finalizer>;

struct prepared {
  statement_handle handle;
  statement_kind kind = statement_kind::session;
  std::vector<column> columns; ///< filled at the first result, again after a change of schema
  int described_at = -1;       ///< how often SQLite had prepared it anew when `columns` was filled
};

/// Not thread-safe: belongs to its connection.
class statement_cache {
public:
  /// A capacity of 0 keeps nothing: `insert` must not be called then.
  explicit statement_cache(std::size_t capacity) noexcept : capacity_{capacity} {}

  /// The statement of exactly this text, or null. Valid until the next `insert` or `clear`.
  [[nodiscard]] prepared* find(std::string_view sql) noexcept;
  /// Adds a text that `find` did not know; the one unused longest goes if there is no room.
  prepared& insert(std::string_view sql, prepared&& p);
  void clear() noexcept;
  [[nodiscard]] bool keeps_any() const noexcept { return capacity_ > 0; }
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

private:
  struct entry {
    std::string sql;
    prepared statement;
  };
  using entries = std::list<entry>; // most recently used first; nodes never move in memory

  std::size_t capacity_;
  entries order_;
  std::unordered_map<std::string_view, entries::iterator> index_; // keys point into `order_`
};

} // namespace holdfast::drivers::sqlite
