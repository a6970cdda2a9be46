// What the text of a statement tells about it, without asking the server. Not a parser: it skips
// literals and comments and looks at words, and where it does not know it assumes the worse. It
// reads literals as the server does by default, with standard_conforming_strings on.
#pragma once

#include <string_view>

namespace holdfast::drivers::postgres {

struct sql_facts {
  /// Can change data. A SELECT counts as a read unless it holds a data-modifying word, INTO, or one
  /// of the known functions with effects (nextval, setval, pg_notify, pg_advisory…, lo_…, dblink…).
  /// So does what EXPLAIN and DECLARE carry. A user's own function with effects does not show in
  /// the text: such calls are to be declared.
  bool writes = true;
  /// May leave something behind in the session: anything but SELECT, INSERT, UPDATE, DELETE, MERGE,
  /// VALUES, TABLE and WITH, and those with set_config, pg_advisory…, dblink… or INTO.
  bool dirties = true;
  /// May begin or end a transaction.
  bool controls_transaction = false;
  /// COPY from or to the client.
  bool streams_copy = false;
  /// DEALLOCATE ALL or DISCARD ALL: no prepared statement is left afterwards.
  bool drops_statements = false;

  friend bool operator==(const sql_facts&, const sql_facts&) = default;
};

[[nodiscard]] sql_facts classify(std::string_view sql) noexcept;

} // namespace holdfast::drivers::postgres
