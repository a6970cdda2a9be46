#include "drivers/sqlite/errors.hpp"

#include <algorithm>
#include <array>
#include <sqlite3.h>
#include <string>

namespace holdfast::drivers::sqlite {
namespace {

using enum errc;
using kind = category;
constexpr auto info = severity::info;
constexpr auto warning = severity::warning;
constexpr auto serious = severity::error;
constexpr auto critical = severity::critical;
constexpr auto statement_again = advice::retry_statement;
constexpr auto transaction_again = advice::retry_transaction;
constexpr auto back_off = advice::back_off;
constexpr auto fix = advice::fix_request;
constexpr auto give_up = advice::give_up;

constexpr std::string_view rescode = "sqlite.org/rescode.html";
constexpr std::string_view wal = "sqlite.org/wal.html";

// clang-format off
// Sorted by code.
constexpr auto rows = std::to_array<error_row>({
    {SQLITE_ERROR, "ERROR", invalid_statement, kind::request, serious, fix, "X", true,
     "the statement cannot be run", rescode},
    {SQLITE_INTERNAL, "INTERNAL", internal_error, kind::internal, critical, give_up, "X", false,
     "SQLite reports an internal error", rescode},
    {SQLITE_PERM, "PERM", permission_denied, kind::permission, serious, fix, "X", true,
     "access to the database file was refused", rescode},
    {SQLITE_ABORT, "ABORT", invalid_statement, kind::request, serious, fix, "X", true,
     "the statement was aborted", rescode},
    {SQLITE_BUSY, "BUSY", database_busy, kind::conflict, info, statement_again, "S+B", true,
     "another connection holds the lock", rescode},
    {SQLITE_LOCKED, "LOCKED", database_busy, kind::conflict, info, back_off, "B", true,
     "a table is locked by the same connection or cache", rescode},
    {SQLITE_NOMEM, "NOMEM", out_of_memory, kind::resource, critical, back_off, "B", true,
     "SQLite could not allocate memory", rescode},
    {SQLITE_READONLY, "READONLY", permission_denied, kind::permission, serious, fix, "X", true,
     "the database is read-only", rescode},
    {SQLITE_INTERRUPT, "INTERRUPT", cancelled, kind::cancelled, info, give_up, "X", false,
     "the statement was interrupted", rescode},
    {SQLITE_IOERR, "IOERR", io_failure, kind::resource, critical, back_off, "B", false,
     "the operating system reported an input or output error", rescode},
    {SQLITE_CORRUPT, "CORRUPT", data_corrupted, kind::corruption, critical, give_up, "X", false,
     "the database file is damaged", rescode},
    {SQLITE_NOTFOUND, "NOTFOUND", feature_not_supported, kind::request, serious, fix, "X", true,
     "SQLite does not know this control operation", rescode},
    {SQLITE_FULL, "FULL", disk_full, kind::resource, critical, back_off, "B", true,
     "the disk, or the database's page limit, is full", rescode},
    {SQLITE_CANTOPEN, "CANTOPEN", unknown_database, kind::request, critical, give_up, "X", false,
     "the database file cannot be opened", rescode},
    {SQLITE_PROTOCOL, "PROTOCOL", database_busy, kind::conflict, warning, statement_again, "S+B", true,
     "the write-ahead log's locks could not be had", rescode},
    {SQLITE_EMPTY, "EMPTY", internal_error, kind::internal, critical, give_up, "X", false,
     "SQLite reports an internal error", rescode},
    {SQLITE_SCHEMA, "SCHEMA", stale_statement, kind::request, warning, statement_again, "S", true,
     "the schema changed while the statement was prepared", rescode},
    {SQLITE_TOOBIG, "TOOBIG", value_out_of_range, kind::data, serious, fix, "X", true,
     "a text, blob or statement is longer than SQLite allows", rescode},
    {SQLITE_CONSTRAINT, "CONSTRAINT", constraint_violation, kind::constraint, info, fix, "X", true,
     "a constraint refused the change", rescode},
    {SQLITE_MISMATCH, "MISMATCH", invalid_data, kind::data, serious, fix, "X", true,
     "the value's type does not fit the column", rescode},
    {SQLITE_MISUSE, "MISUSE", internal_error, kind::internal, critical, give_up, "X", false,
     "SQLite was called out of order", rescode},
    {SQLITE_NOLFS, "NOLFS", feature_not_supported, kind::request, serious, give_up, "X", true,
     "the file system cannot hold a file this large", rescode},
    {SQLITE_AUTH, "AUTH", permission_denied, kind::permission, serious, fix, "X", true,
     "the statement is not allowed on this connection", rescode},
    {SQLITE_FORMAT, "FORMAT", internal_error, kind::internal, critical, give_up, "X", false,
     "SQLite reports an internal error", rescode},
    {SQLITE_RANGE, "RANGE", parameter_count, kind::request, serious, fix, "X", true,
     "the parameter's position is out of range", rescode},
    {SQLITE_NOTADB, "NOTADB", not_a_database, kind::corruption, critical, give_up, "X", false,
     "the file is not an SQLite database", rescode},
    {SQLITE_NOTICE, "NOTICE", internal_error, kind::internal, warning, give_up, "X", true,
     "SQLite sent a notice instead of an answer", rescode},
    {SQLITE_WARNING, "WARNING", internal_error, kind::internal, warning, give_up, "X", true,
     "SQLite sent a warning instead of an answer", rescode},
    {SQLITE_ERROR_MISSING_COLLSEQ, "ERROR_MISSING_COLLSEQ", unknown_object, kind::request, serious, fix, "X", true,
     "the statement names a collation that does not exist", rescode},
    {SQLITE_BUSY_RECOVERY, "BUSY_RECOVERY", database_busy, kind::conflict, info, statement_again, "S+B", true,
     "another process is recovering the database", rescode},
    {SQLITE_LOCKED_SHAREDCACHE, "LOCKED_SHAREDCACHE", database_busy, kind::conflict, info, back_off, "B", true,
     "a table is locked by a connection that shares the cache", rescode},
    {SQLITE_CONSTRAINT_CHECK, "CONSTRAINT_CHECK", check_violation, kind::constraint, info, fix, "X", true,
     "a check constraint refused the change", rescode},
    {SQLITE_ERROR_RETRY, "ERROR_RETRY", stale_statement, kind::request, warning, statement_again, "S", true,
     "the schema changed while the statement was prepared", rescode},
    {SQLITE_ABORT_ROLLBACK, "ABORT_ROLLBACK", transaction_failed, kind::request, serious, transaction_again, "T", true,
     "the transaction was rolled back under a running statement", rescode},
    {SQLITE_BUSY_SNAPSHOT, "BUSY_SNAPSHOT", stale_snapshot, kind::conflict, info, transaction_again, "T", true,
     "the transaction's view of the data is no longer the newest", wal},
    {SQLITE_LOCKED_VTAB, "LOCKED_VTAB", database_busy, kind::conflict, info, back_off, "B", true,
     "a virtual table is in use by the same connection", rescode},
    {SQLITE_CANTOPEN_ISDIR, "CANTOPEN_ISDIR", unknown_database, kind::request, critical, give_up, "X", false,
     "the path is a directory, not a database file", rescode},
    {SQLITE_CONSTRAINT_COMMITHOOK, "CONSTRAINT_COMMITHOOK", constraint_violation, kind::constraint, info, fix, "X", true,
     "a commit hook refused the transaction", rescode},
    {SQLITE_ERROR_SNAPSHOT, "ERROR_SNAPSHOT", stale_snapshot, kind::conflict, info, transaction_again, "T", true,
     "the historical snapshot is gone", rescode},
    {SQLITE_BUSY_TIMEOUT, "BUSY_TIMEOUT", database_busy, kind::conflict, info, statement_again, "S+B", true,
     "another connection holds the lock", rescode},
    {SQLITE_CONSTRAINT_FOREIGNKEY, "CONSTRAINT_FOREIGNKEY", foreign_key_violation, kind::constraint, info, fix, "X", true,
     "a foreign key refused the change", rescode},
    {SQLITE_READONLY_DBMOVED, "READONLY_DBMOVED", io_failure, kind::resource, critical, give_up, "X+N", false,
     "the database file was moved or deleted while it was open", rescode},
    {SQLITE_CONSTRAINT_FUNCTION, "CONSTRAINT_FUNCTION", constraint_violation, kind::constraint, info, fix, "X", true,
     "a function refused the change", rescode},
    {SQLITE_CONSTRAINT_NOTNULL, "CONSTRAINT_NOTNULL", not_null_violation, kind::constraint, info, fix, "X", true,
     "a column that must have a value was given none", rescode},
    {SQLITE_CONSTRAINT_PRIMARYKEY, "CONSTRAINT_PRIMARYKEY", unique_violation, kind::constraint, info, fix, "X", true,
     "a row with this primary key exists already", rescode},
    {SQLITE_CONSTRAINT_TRIGGER, "CONSTRAINT_TRIGGER", constraint_violation, kind::constraint, info, fix, "X", true,
     "a trigger refused the change", rescode},
    {SQLITE_CONSTRAINT_UNIQUE, "CONSTRAINT_UNIQUE", unique_violation, kind::constraint, info, fix, "X", true,
     "a row with these unique values exists already", rescode},
    {SQLITE_CONSTRAINT_VTAB, "CONSTRAINT_VTAB", constraint_violation, kind::constraint, info, fix, "X", true,
     "a virtual table refused the change", rescode},
    {SQLITE_CONSTRAINT_ROWID, "CONSTRAINT_ROWID", unique_violation, kind::constraint, info, fix, "X", true,
     "a row with this rowid exists already", rescode},
    {SQLITE_CONSTRAINT_PINNED, "CONSTRAINT_PINNED", constraint_violation, kind::constraint, info, fix, "X", true,
     "a trigger tried to delete the row being changed", rescode},
    {SQLITE_IOERR_NOMEM, "IOERR_NOMEM", out_of_memory, kind::resource, critical, back_off, "B", true,
     "SQLite could not allocate memory", rescode},
    {SQLITE_CONSTRAINT_DATATYPE, "CONSTRAINT_DATATYPE", invalid_data, kind::data, info, fix, "X", true,
     "the value's type does not fit the column of a strict table", rescode},
});
// clang-format on

// SQLITE_ERROR covers everything from a typing mistake to a missing table. The text picks between
// codes of one and the same verdict; no retry hangs on it.
struct wording {
  std::string_view part;
  errc meaning;
  std::string_view sentence;
};
constexpr auto wordings = std::to_array<wording>({
    {"syntax error", syntax_error, "the statement has a syntax error"},
    {"incomplete input", syntax_error, "the statement is incomplete"},
    {"unrecognized token", syntax_error, "the statement has an unknown token"},
    {"no such ", unknown_object, "the statement names something that does not exist"},
});

// A failed sync or directory update may follow a complete commit record: after a crash, recovery
// could bring the transaction back. A failed write cannot: the commit record is written last.
bool may_have_committed(int code) noexcept {
  return (code & 0xff) == SQLITE_IOERR && code != SQLITE_IOERR_WRITE &&
         code != SQLITE_IOERR_NOMEM && code != SQLITE_IOERR_READ && code != SQLITE_IOERR_SHORT_READ;
}

void refine(error& e, const failure& f) {
  if (f.code != SQLITE_ERROR) return;
  for (const auto& w : wordings) {
    if (f.native_message.find(w.part) == std::string_view::npos) continue;
    e.code = w.meaning;
    e.message = w.sentence;
    return;
  }
}

// "UNIQUE constraint failed: seat.row, seat.number": what stands behind the colon. SQLite names the
// columns of a unique constraint and the name of a check.
std::string_view constraint_in(const failure& f) noexcept {
  constexpr std::string_view before = "constraint failed: ";
  if ((f.code & 0xff) != SQLITE_CONSTRAINT) return {};
  const auto at = f.native_message.find(before);
  return at == std::string_view::npos ? std::string_view{}
                                      : f.native_message.substr(at + before.size());
}

} // namespace

std::span<const error_row> error_rows() noexcept { return rows; }

const error_row& row_for(int code) noexcept {
  const auto find = [](int wanted) {
    return std::find_if(rows.begin(), rows.end(), [=](const auto& r) { return r.code == wanted; });
  };
  if (const auto exact = find(code); exact != rows.end()) return *exact;
  if (const auto primary = find(code & 0xff); primary != rows.end()) return *primary;
  return *find(SQLITE_INTERNAL);
}

bool waits_for_lock(int code, bool in_transaction) noexcept {
  if (code == SQLITE_BUSY_SNAPSHOT) return !in_transaction;
  return (code & 0xff) == SQLITE_BUSY || code == SQLITE_PROTOCOL;
}

error classify(const failure& f) {
  const auto& row = row_for(f.code);
  auto e = make_error(row.meaning, std::string{row.sentence});
  e.kind = row.kind;
  e.level = row.level;
  e.next = row.next;
  refine(e, f);
  e.when = phase::answered;
  e.connection_usable = row.keeps_connection;
  e.native_code = std::to_string(f.code);
  e.native_message = f.native_message;
  e.constraint = constraint_in(f);
  if (f.was_in_transaction) {
    e.transaction_usable =
        row.keeps_connection && f.in_transaction && f.code != SQLITE_BUSY_SNAPSHOT;
    if (!e.transaction_usable && e.next == advice::retry_statement)
      e.next = advice::retry_transaction;
  }
  if (f.kept_changes) e.effect = side_effect::applied;
  if (f.commits && may_have_committed(f.code)) {
    e.effect = side_effect::unknown;
    e.when = phase::commit_in_flight;
  }
  return e;
}

} // namespace holdfast::drivers::sqlite
