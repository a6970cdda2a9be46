// Cells of a result as values.
#pragma once

#include <holdfast/result.hpp>
#include <holdfast/statement.hpp>
#include <holdfast/value.hpp>

#include <array>
#include <cstdint>
#include <mysql.h>
#include <span>
#include <vector>

namespace holdfast::drivers::mysql {

/// What the rows of one statement are fetched into. Bound anew after each execute; made anew where
/// the result is of another shape than the last.
class row_reader {
public:
  /// After an execute that has a result. False: the library refused, and says why, or a column is
  /// of a type that it cannot fetch: `strange` names that.
  [[nodiscard]] bool bind(MYSQL_STMT* statement);
  [[nodiscard]] const std::string& strange() const noexcept { return strange_; }
  [[nodiscard]] std::span<const column> columns() const noexcept { return columns_; }

  /// The row that `mysql_stmt_fetch` has just fetched, into `cells`, which is reused.
  /// Errors: invalid_data, naming the column: a value that our type cannot hold.
  [[nodiscard]] result<void> decode(MYSQL_STMT* statement, std::vector<value>& cells);

private:
  static constexpr std::size_t short_text = 240; ///< longer ones are fetched a second time

  /// One column's place. Never moves while it is bound.
  struct slot {
    enum_field_types type{};
    unsigned flags = 0;
    unsigned charset = 0;
    unsigned long length = 0;
    my_bool is_null = 0;
    my_bool truncated = 0;
    union {
      std::int64_t integer = 0;
      double real;
      float real32;
      MYSQL_TIME time;
    };
    std::array<char, short_text> text;
  };

  [[nodiscard]] bool fits(const MYSQL_FIELD* fields, std::size_t count) const noexcept;
  void adopt(const MYSQL_FIELD* fields, std::size_t count);
  static void point(MYSQL_BIND& bind, slot& to, value_type as) noexcept;
  [[nodiscard]] bool decode_cell(MYSQL_STMT* statement, std::size_t i, value& out);
  template <class Buffer>
  [[nodiscard]] bool take(MYSQL_STMT* statement, std::size_t i, Buffer& out) const;
  [[nodiscard]] error unreadable(std::size_t i) const;

  std::vector<column> columns_;
  std::string strange_;
  std::vector<slot> slots_;
  std::vector<MYSQL_BIND> binds_;
};

} // namespace holdfast::drivers::mysql
