#include "drivers/sqlite/driver.hpp"

#include <sqlite3.h>

namespace holdfast::drivers::sqlite {
namespace {

static_assert(SQLITE_VERSION_NUMBER >= 3038000, "unixepoch() came with 3.38");

// The mark is raised by a trigger, so that it tells the truth about every row that ever left, also
// one deleted by hand: an operation older than the mark may have been there.
constexpr auto create = R"(
CREATE TABLE IF NOT EXISTS holdfast_operation(
  key         TEXT NOT NULL PRIMARY KEY,
  fingerprint TEXT,
  result      TEXT,
  tombstone   BOOLEAN NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL DEFAULT (unixepoch())
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holdfast_operation_age ON holdfast_operation(created_at);
CREATE TABLE IF NOT EXISTS holdfast_operation_mark(
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  low_water INTEGER NOT NULL
);
CREATE TRIGGER IF NOT EXISTS holdfast_operation_pruned AFTER DELETE ON holdfast_operation
BEGIN
  INSERT INTO holdfast_operation_mark(id, low_water) VALUES (1, old.created_at + 1)
    ON CONFLICT(id) DO UPDATE SET low_water = max(low_water, excluded.low_water);
END;
)";

constexpr auto exists = R"(SELECT 1 WHERE (SELECT count(*) FROM sqlite_schema
  WHERE name IN ('holdfast_operation', 'holdfast_operation_mark', 'holdfast_operation_pruned')) = 3)";

} // namespace

const operation_table_sql& operation_table_statements() noexcept {
  static const operation_table_sql statements{
      .create = create,
      .exists = exists,
      .insert_key = "INSERT INTO holdfast_operation(key, fingerprint) VALUES (?1, ?2)",
      .store_result = "UPDATE holdfast_operation SET result = ?1 WHERE key = ?2",
      .read_key = "SELECT fingerprint, result, tombstone FROM holdfast_operation WHERE key = ?1",
      .insert_tombstone = "INSERT INTO holdfast_operation(key, tombstone) VALUES (?1, 1)",
      .prune = "DELETE FROM holdfast_operation WHERE key IN (SELECT key FROM holdfast_operation "
               "WHERE created_at < unixepoch() - ?1 ORDER BY created_at LIMIT ?2)",
      .low_water = "SELECT low_water FROM holdfast_operation_mark WHERE id = 1",
      .insert_conflict = std::to_string(SQLITE_CONSTRAINT_PRIMARYKEY),
      .key_constraint = "holdfast_operation.key",
  };
  return statements;
}

} // namespace holdfast::drivers::sqlite
