// SQLite's result codes as data, and what each says to do. Pure: no database is needed to ask.
#pragma once

#include <holdfast/error.hpp>

#include <span>
#include <string_view>

namespace holdfast::drivers::sqlite {

/// One result code. `code` is primary (5) or extended (517); an extended code without a row of its
/// own means what its primary code means.
struct error_row {
  int code;
  std::string_view name;
  errc meaning;
  category kind;
  severity level;
  advice next;
  std::string_view
      verdict;           ///< S statement, T transaction, B back off, N new connection, X no retry
  bool keeps_connection; ///< the connection may be used again
  std::string_view sentence;
  std::string_view source;
};

[[nodiscard]] std::span<const error_row> error_rows() noexcept;

/// The row of `code`, else of its primary code, else of SQLITE_INTERNAL.
[[nodiscard]] const error_row& row_for(int code) noexcept;

/// A failed call and what the connection looked like around it.
struct failure {
  int code = 0;
  std::string_view native_message{};
  bool was_in_transaction = false; ///< before the call
  bool in_transaction = false;     ///< after it
  bool commits = false; ///< success would have committed: COMMIT, or a write outside a transaction
  bool kept_changes = false; ///< rows changed although it failed (`OR FAIL`)
};

[[nodiscard]] error classify(const failure& f);

/// True if waiting and doing the same again is the answer: another connection holds the lock.
[[nodiscard]] bool waits_for_lock(int code, bool in_transaction) noexcept;

} // namespace holdfast::drivers::sqlite
