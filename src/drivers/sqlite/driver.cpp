#include "drivers/sqlite/driver.hpp"

#include "drivers/sqlite/connection.hpp"
#include "drivers/sqlite/sql_text.hpp"

#include <cstdio>
#include <mutex>
#include <sqlite3.h>
#include <utility>

namespace holdfast::drivers::sqlite {
namespace {

// SQLite's own default since 3.32; a library built with more still takes this many.
constexpr std::uint32_t most_parameters = 32766;

// What SQLite would read as anything but a file's name is given a "./" in front.
std::string literal(const std::string& path) {
  const bool special = path.starts_with("file:") || path.starts_with(":");
  return special ? "./" + path : path;
}

class driver final : public sql_driver {
public:
  explicit driver(settings s) : settings_{std::move(s)}, where_{locate()} {}

  [[nodiscard]] std::string_view engine() const noexcept override { return "sqlite"; }
  [[nodiscard]] std::string_view host() const noexcept override { return settings_.path; }

  task<result<connection_ptr>> open(runtime& rt, deadline until) override {
    if (auto wrong = validate(settings_)) co_return std::move(*wrong);
    if (const int code = hold_memory(); code != SQLITE_OK)
      co_return explain_open(settings_, {}, code, 0, sqlite3_errstr(code));
    auto made = std::make_unique<connection>(settings_, where_);
    auto opening_it = made->open(rt, until);
    auto opened = co_await std::move(opening_it);
    if (!opened) co_return std::move(opened).error();
    co_return connection_ptr{std::move(made)};
  }

  [[nodiscard]] bool condemns_host(const error& e) const noexcept override {
    return e.code == errc::io_failure || e.code == errc::disk_full;
  }
  [[nodiscard]] const operation_table_sql& operation_table() const noexcept override {
    return operation_table_statements();
  }
  [[nodiscard]] bool single_writer() const noexcept override { return true; }
  [[nodiscard]] bool writes(std::string_view sql) const noexcept override { return may_write(sql); }
  [[nodiscard]] std::string placeholder(std::uint32_t position) const override {
    return "?" + std::to_string(position);
  }
  [[nodiscard]] std::uint32_t max_parameters() const noexcept override { return most_parameters; }

private:
  // SQLite's "memdb" file system shares a database by name within the process; the driver's address
  // is a name that no other living driver has.
  location locate() const {
    if (!is_memory(settings_.path)) return {literal(settings_.path), false};
    char name[64];
    std::snprintf(name, sizeof name, "file:/holdfast-%p?vfs=memdb", static_cast<const void*>(this));
    return {name, true};
  }

  // Keeps the database in memory while a broken connection is replaced.
  int hold_memory() {
    if (!where_.is_uri) return SQLITE_OK;
    const std::scoped_lock lock{mutex_};
    if (anchor_) return SQLITE_OK;
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
    const int code = sqlite3_open_v2(where_.name.c_str(), &raw, flags, nullptr);
    database_handle opened{raw};
    if (code == SQLITE_OK) anchor_ = std::move(opened);
    return code;
  }

  const settings settings_;
  const location where_;
  std::mutex mutex_; // guards anchor_
  database_handle anchor_;
};

error wrong(std::string message) {
  auto e = make_error(errc::invalid_configuration, std::move(message));
  e.connection_usable = false;
  return e;
}

} // namespace

bool is_memory(std::string_view path) noexcept { return path == ":memory:"; }

std::optional<error> validate(const settings& s) {
  if (s.path.empty())
    return wrong("path is empty; it takes a file's path, or :memory: for a database in memory");
  if (s.path.find('\0') != std::string::npos) return wrong("path holds a NUL character");
  if (is_memory(s.path) && s.options.read_only)
    return wrong("read_only with path :memory: would be a database that is empty for ever");
  return std::nullopt;
}

std::shared_ptr<sql_driver> make_driver(settings s) {
  return std::make_shared<driver>(std::move(s));
}

} // namespace holdfast::drivers::sqlite
