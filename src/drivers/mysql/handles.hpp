// Connector/C's objects with owners.
#pragma once

#include <memory>
#include <mysql.h>

namespace holdfast::drivers::mysql {

struct close_link {
  void operator()(MYSQL* m) const noexcept { mysql_close(m); }
};
struct close_statement {
  /// Sends, without waiting for an answer, as long as its connection lives: close that first.
  void operator()(MYSQL_STMT* s) const noexcept { mysql_stmt_close(s); }
};
struct free_result {
  void operator()(MYSQL_RES* r) const noexcept { mysql_free_result(r); }
};
/// The library's own numbers, which are no answers of a server.
[[nodiscard]] constexpr bool is_clients_own(unsigned number) noexcept {
  return (number >= 2000 && number < 3000) || (number >= 5000 && number < 6000);
}

using mysql_link = std::unique_ptr<MYSQL, close_link>;
using mysql_statement = std::unique_ptr<MYSQL_STMT, close_statement>;
using mysql_rows = std::unique_ptr<MYSQL_RES, free_result>;

} // namespace holdfast::drivers::mysql
