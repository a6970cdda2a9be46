// What the text of a statement tells about it, without asking the server. Not a parser: it skips
// literals and comments and looks at words, and where it does not know it assumes the worse. What
// depends on the session's sql_mode (are backslashes escapes, is "…" a name) is read in each way.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

namespace holdfast::drivers::mysql {

struct sql_facts {
  /// Can change data, or commit what was changed before. A SELECT counts as a read unless it holds
  /// a data-modifying word, INTO, or one of the known functions with effects (nextval, setval,
  /// get_lock…). A user's own function with effects does not show in the text: such calls are to be
  /// declared.
  bool writes = true;
  /// May leave something behind in the session: anything but SELECT, INSERT, REPLACE, UPDATE,
  /// DELETE, VALUES, TABLE and WITH, and those with INTO, := or functions that lock or remember.
  bool dirties = true;
  /// May begin or end a transaction by its own meaning.
  bool controls_transaction = true;
  /// May commit the transaction that it stands in: COMMIT, and what commits by the way, as CREATE,
  /// ALTER, GRANT, LOCK TABLES, a second BEGIN or SET autocommit do; CALL and EXECUTE, which may
  /// hold any of them; and what is not known.
  bool may_commit = true;
  /// More than one statement.
  bool several = true;
  /// Says NOWAIT: a lock that another holds is an error at once.
  bool waits_not = false;
  /// Its first statement runs others, each of which may commit before a later one fails: CALL,
  /// EXECUTE, a compound statement, SET STATEMENT … FOR; and what is not known.
  bool runs_others = true;

  static constexpr std::size_t whole_text = std::numeric_limits<std::size_t>::max();

  friend bool operator==(const sql_facts&, const sql_facts&) = default;
};

[[nodiscard]] sql_facts classify(std::string_view sql) noexcept;

/// A script failed after `ended` results, whose last left a block open, or before its first: may
/// what it did before, or what stood in the block that it ran in, be committed?
[[nodiscard]] bool may_have_committed(std::string_view sql, std::size_t ended,
                                      bool in_block) noexcept;

} // namespace holdfast::drivers::mysql
