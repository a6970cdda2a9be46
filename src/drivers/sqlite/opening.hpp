// Opening a database file: flags, session settings, and a clear sentence for each way it can fail.
#pragma once

#include "drivers/sqlite/driver.hpp"
#include "drivers/sqlite/handle.hpp"
#include "drivers/sqlite/progress.hpp"

#include <string>

namespace holdfast::drivers::sqlite {

/// What the disk says about the path, read only after opening failed. The database file itself is
/// never opened for this: closing a second descriptor would drop the locks that SQLite holds on it.
struct path_facts {
  bool exists = false;
  bool is_directory = false;
  bool readable = false;
  bool writable = false;
  bool parent_exists = false;
  bool parent_writable = false;
};
[[nodiscard]] path_facts look_at(const std::string& path);

/// The sentence for a failed open. Pure.
/// Errors: unknown_database, permission_denied, or the result code's own meaning.
[[nodiscard]] error explain_open(const settings& s, const path_facts& facts, int code,
                                 int system_errno, std::string_view native_message);

/// How SQLite is told what to open.
struct location {
  std::string name;
  bool is_uri = false; ///< ours, for memory; a user's path is never one
};

/// One opening; `advance` again while it says `busy`.
class opening {
public:
  opening(const settings& s, const location& where, handle& guard) noexcept
      : settings_{s}, where_{where}, guard_{guard} {}

  /// Blocking. `more` is never the answer.
  [[nodiscard]] result<progress> advance();
  [[nodiscard]] database_handle take() noexcept { return std::move(db_); }

private:
  [[nodiscard]] int open_file();
  [[nodiscard]] int configure();
  [[nodiscard]] result<void> check_mode();
  [[nodiscard]] int run(const std::string& sql);
  [[nodiscard]] error failed(int code);

  const settings& settings_;
  const location& where_;
  handle& guard_;
  database_handle db_;
};

} // namespace holdfast::drivers::sqlite
