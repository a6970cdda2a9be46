// SQLite as a `sql_driver`: one file, or one database in memory.
//
// It does not share a cache between connections, does not load extensions, and never lets SQLite
// sleep: a lock held elsewhere is polled by the caller's coroutine until its deadline.
// A statement ends at its deadline because SQLite asks the clock while it runs. Two things cannot
// be ended so: a single call into the operating system (fsync on a stalled disk) and a single step
// of unusual size (sorting for CREATE INDEX, randomblob(1000000000)).
#pragma once

#include "drivers/sql_driver.hpp"

#include <holdfast/options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::drivers::sqlite {

struct settings {
  /// A file's path, taken literally (never as a URI), or ":memory:": one database that lives as
  /// long as the driver and is seen by all its connections.
  std::string path;
  sqlite_options options{}; ///< validated by the option table; `journal_mode` is not for memory
};

/// True if `path` names the database in memory, which wants a pool of exactly one connection.
[[nodiscard]] bool is_memory(std::string_view path) noexcept;

/// What is wrong with the settings by themselves, without looking at the disk. `open` says the
/// same. Errors: invalid_configuration.
[[nodiscard]] std::optional<error> validate(const settings& s);

/// Opens nothing yet.
[[nodiscard]] std::shared_ptr<sql_driver> make_driver(settings s);

/// The operation-key table in SQLite's SQL.
[[nodiscard]] const operation_table_sql& operation_table_statements() noexcept;

} // namespace holdfast::drivers::sqlite
