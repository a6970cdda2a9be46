// What a statement does, as far as its text tells. Pure; it does not parse, it looks at the words
// that decide.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::drivers::sqlite {

enum class statement_kind : std::uint8_t {
  empty,       ///< only blanks, comments and semicolons
  read,        ///< SELECT, VALUES, EXPLAIN, WITH … SELECT
  change,      ///< INSERT, UPDATE, DELETE, REPLACE, WITH … INSERT
  schema,      ///< CREATE, DROP, ALTER and the like: changes the file, not the session
  commit,      ///< COMMIT, END, RELEASE: may commit
  transaction, ///< BEGIN, ROLLBACK, SAVEPOINT
  session,     ///< PRAGMA, ATTACH, CREATE TEMP and whatever is not known
};

/// The kind of the first statement in `sql`.
[[nodiscard]] statement_kind kind_of(std::string_view sql) noexcept;

/// True if nothing in `sql` would run.
[[nodiscard]] bool is_blank(std::string_view sql) noexcept;

/// True unless every statement in `sql` is known to be a read.
[[nodiscard]] bool may_write(std::string_view sql) noexcept;

/// Worth keeping prepared: the statements that programs repeat.
[[nodiscard]] constexpr bool is_cacheable(statement_kind k) noexcept {
  return k == statement_kind::read || k == statement_kind::change || k == statement_kind::commit ||
         k == statement_kind::transaction;
}

} // namespace holdfast::drivers::sqlite
