#include "drivers/sqlite/opening.hpp"

#include "base/option_codec.hpp"
#include "drivers/sqlite/errors.hpp"
#include "drivers/sqlite/statement_cache.hpp"

#include <filesystem>
#include <sqlite3.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace holdfast::drivers::sqlite {
namespace {

std::string parent_of(const std::string& path) {
  const auto parent = std::filesystem::path{path}.parent_path();
  return parent.empty() ? std::string{"."} : parent.string();
}

error problem(errc code, std::string message) {
  auto e = make_error(code, std::move(message));
  e.connection_usable = false;
  return e;
}

} // namespace

path_facts look_at(const std::string& path) {
  struct stat info {};
  path_facts facts;
  facts.exists = ::stat(path.c_str(), &info) == 0;
  facts.is_directory = facts.exists && S_ISDIR(info.st_mode);
  facts.readable = ::access(path.c_str(), R_OK) == 0;
  facts.writable = ::access(path.c_str(), W_OK) == 0;
  const auto parent = parent_of(path);
  facts.parent_exists = ::stat(parent.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  facts.parent_writable = ::access(parent.c_str(), W_OK | X_OK) == 0;
  return facts;
}

error explain_open(const settings& s, const path_facts& facts, int code, int system_errno,
                   std::string_view native_message) {
  auto e = classify({.code = code, .native_message = native_message});
  e.connection_usable = false;
  const auto quoted = "\"" + s.path + "\"";
  e.message = quoted + ": " + e.message;
  const auto say = [&](errc meaning, std::string message) {
    auto told = problem(meaning, std::move(message));
    told.when = phase::answered;
    told.native_code = std::move(e.native_code);
    told.native_message = std::move(e.native_message);
    return told;
  };
  if (is_memory(s.path)) return e;
  const int primary = code & 0xff;
  if (primary != SQLITE_CANTOPEN && primary != SQLITE_READONLY && primary != SQLITE_PERM) return e;
  if (facts.is_directory)
    return say(errc::unknown_database, quoted + " is a directory, not a database file");
  if (!facts.parent_exists)
    return say(errc::unknown_database,
               "the directory of " + quoted + " does not exist, or may not be entered");
  if (!facts.exists && (!s.options.create || s.options.read_only))
    return say(errc::unknown_database,
               quoted + " does not exist, and the settings do not allow creating it");
  if (!facts.exists && !facts.parent_writable)
    return say(errc::permission_denied,
               quoted + " cannot be created: no permission to write to its directory");
  if (facts.exists && !facts.readable)
    return say(errc::permission_denied, "no permission to read " + quoted);
  if (!s.options.read_only && !facts.writable)
    return say(errc::permission_denied,
               quoted + " is read-only: open it with read_only, or allow writing to it");
  if (!facts.parent_writable)
    return say(errc::permission_denied, "no permission to write to the directory of " + quoted +
                                            ", where the write-ahead log belongs");
  if (system_errno != 0) e.message += " (" + std::system_category().message(system_errno) + ")";
  return e;
}

result<progress> opening::advance() {
  int code = db_ ? SQLITE_OK : open_file();
  if (code == SQLITE_OK) code = configure();
  if (waits_for_lock(code, false)) return progress::busy;
  if (code != SQLITE_OK) return failed(code);
  if (auto checked = check_mode(); !checked) return std::move(checked).error();
  return progress::done;
}

int opening::open_file() {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= settings_.options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (settings_.options.create && !settings_.options.read_only) flags |= SQLITE_OPEN_CREATE;
  if (where_.is_uri) flags |= SQLITE_OPEN_URI;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(where_.name.c_str(), &raw, flags, nullptr);
  db_.reset(raw);
  if (waits_for_lock(code, false)) db_.reset(); // opened anew at the next look
  return code;
}

int opening::run(const std::string& sql) {
  return sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
}

int opening::configure() {
  auto* db = db_.get();
  guard_.guard(db);
  sqlite3_busy_handler(db, nullptr, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, settings_.options.foreign_keys ? 1 : 0,
                    nullptr);
  const auto kib = "-" + std::to_string(settings_.options.cache_bytes / 1024);
  int code = run("PRAGMA cache_size=" + kib);
  if (code == SQLITE_OK)
    code = run("PRAGMA synchronous=" + detail::show_value(settings_.options.synchronous));
  if (code == SQLITE_OK && !settings_.options.read_only && !where_.is_uri)
    code = run("PRAGMA journal_mode=" + detail::show_value(settings_.options.journal_mode));
  if (code != SQLITE_OK) return code;
  // SQLite opens lazily: only a read finds out that a file is no database.
  return run("SELECT 1 FROM sqlite_schema LIMIT 1");
}

result<void> opening::check_mode() {
  if (settings_.options.read_only || where_.is_uri) return {};
  // Asked to write, SQLite silently opens a file that it may not write as read-only.
  if (sqlite3_db_readonly(db_.get(), "main") == 1) return failed(SQLITE_READONLY);
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), "PRAGMA journal_mode", -1, &raw, nullptr);
  const statement_handle query{raw};
  if (code != SQLITE_OK) return failed(code);
  if (sqlite3_step(raw) != SQLITE_ROW) return failed(sqlite3_extended_errcode(db_.get()));
  const auto* mode = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
  const std::string given = mode ? mode : "";
  const std::string wanted = detail::show_value(settings_.options.journal_mode);
  if (given == wanted) return {};
  return problem(errc::invalid_configuration, "\"" + settings_.path + "\": journal_mode " + wanted +
                                                  " cannot be had on this file system; it stays " +
                                                  given);
}

error opening::failed(int code) {
  const std::string native = db_ ? sqlite3_errmsg(db_.get()) : sqlite3_errstr(code);
  const int cause = db_ ? sqlite3_system_errno(db_.get()) : 0;
  auto e = explain_open(settings_, look_at(settings_.path), code, cause, native);
  db_.reset();
  return e;
}

} // namespace holdfast::drivers::sqlite
