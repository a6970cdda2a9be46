#include "drivers/sqlite/execution.hpp"

#include "drivers/sqlite/types.hpp"

#include <algorithm>
#include <cstddef>
#include <sqlite3.h>
#include <utility>

namespace holdfast::drivers::sqlite {
namespace {

error before_running(errc code, std::string message) {
  return make_error(code, std::move(message));
}

std::string counted(std::size_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string{what} + (n == 1 ? "" : "s");
}

/// Of one batch, where rows are fetched by and by.
constexpr std::size_t most_bytes = std::size_t{256} * 1024;

/// What is large in a row. Before `deliver`: reading a value as text may change its length.
std::size_t row_bytes(sqlite3_stmt* s) noexcept {
  std::size_t sum = 0;
  const int count = sqlite3_column_count(s);
  for (int i = 0; i < count; ++i) {
    const int type = sqlite3_column_type(s, i);
    if (type == SQLITE_TEXT || type == SQLITE_BLOB)
      sum += static_cast<std::size_t>(sqlite3_column_bytes(s, i));
  }
  return sum;
}

column describe(sqlite3_stmt* s, int index) {
  column c;
  if (const char* name = sqlite3_column_name(s, index)) c.name = name;
  if (const char* declared = sqlite3_column_decltype(s, index)) c.native_type = declared;
  c.type = declared_type(c.native_type);
  return c;
}

} // namespace

result<progress> execution::advance() {
  if (!statement_) {
    auto ready = prepare();
    if (!ready || *ready != progress::done) return ready;
  }
  const attempt before{db_};
  return step_rows(before);
}

result<progress> execution::prepare() {
  prepared* known = session_.cache.find(what_.sql);
  if (!known) {
    own_.kind = kind_of(what_.sql);
    const bool keep = session_.cache.keeps_any() && is_cacheable(own_.kind);
    const char* tail = nullptr;
    sqlite3_stmt* made = nullptr;
    const attempt before{db_};
    const int code =
        sqlite3_prepare_v3(db_.get(), what_.sql.data(), static_cast<int>(what_.sql.size()),
                           keep ? SQLITE_PREPARE_PERSISTENT : 0, &made, &tail);
    own_.handle.reset(made);
    if (code != SQLITE_OK) return ended(before, code);
    const auto used = static_cast<std::size_t>(tail - what_.sql.data());
    if (auto fine = check_text(what_.sql.substr(used), made); !fine) return std::move(fine).error();
    known = keep ? &session_.cache.insert(what_.sql, std::move(own_)) : &own_;
  }
  statement_ = known;
  if (auto fine = check_use(); !fine) return std::move(fine).error();
  if (auto bound = bind_all(); !bound) return std::move(bound).error();
  return progress::done;
}

result<void> execution::check_text(std::string_view tail, sqlite3_stmt* s) const {
  if (what_.sql.find('\0') != std::string_view::npos)
    return before_running(errc::invalid_statement, "the statement's text holds a NUL character");
  if (!s)
    return before_running(errc::invalid_statement, "the text holds no statement, only comments");
  if (!is_blank(tail))
    return before_running(errc::invalid_statement,
                          "the text holds more than one statement: use script for several");
  return {};
}

result<void> execution::check_use() const {
  const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(raw()));
  if (wanted != what_.parameters.size())
    return before_running(errc::parameter_count,
                          "the statement takes " + counted(wanted, "parameter") + " but " +
                              counted(what_.parameters.size(), "value") +
                              (what_.parameters.size() == 1 ? " was given" : " were given"));
  if (session_.read_only_transaction && sqlite3_stmt_readonly(raw()) == 0)
    return before_running(errc::read_only_transaction,
                          "the statement writes, but its transaction is read-only");
  return {};
}

result<void> execution::bind_all() {
  std::uint32_t position = 0;
  for (const auto& v : what_.parameters) {
    ++position;
    if (auto refused = refuse(position, v)) return std::move(*refused);
    const int code = bind(raw(), static_cast<int>(position), v);
    if (code == SQLITE_OK) continue;
    auto e = classify({.code = code, .native_message = sqlite3_errstr(code)});
    e.message = "parameter " + std::to_string(position) + ": " + e.message;
    e.when = phase::not_sent;
    return e;
  }
  return {};
}

result<progress> execution::step_rows(const attempt& before) {
  note_change();
  const std::uint32_t chunk = std::max(what_.fetch_size, std::uint32_t{1});
  std::size_t bytes = 0;
  for (std::uint32_t n = 0; n < chunk && bytes < most_bytes; ++n) {
    const int code = sqlite3_step(raw());
    if (code == SQLITE_DONE) return finish(before);
    if (code != SQLITE_ROW) return ended(before, code);
    delivered_ = true;
    bytes += row_bytes(raw());
    auto taken = deliver();
    if (!taken) return refused_by_sink(before, std::move(taken).error());
  }
  return progress::more;
}

result<progress> execution::finish(const attempt& before) {
  announce();
  if (statement_->kind == statement_kind::change)
    rows_affected_ = static_cast<std::uint64_t>(sqlite3_changes64(db_.get()));
  if (statement_->kind == statement_kind::commit && before.was_in_transaction() && db_.autocommit())
    session_.committed_by_text = true;
  // A user's PRAGMA may have told SQLite to sleep on locks, which no deadline would end.
  if (statement_->kind == statement_kind::session)
    sqlite3_busy_handler(db_.get(), nullptr, nullptr);
  release();
  return progress::done;
}

result<progress> execution::ended(const attempt& before, int code) {
  const bool would_commit = commits(before);
  if (!delivered_ && before.worth_waiting(code)) {
    busy_code_ = code;
    if (statement_) sqlite3_reset(raw());
    return progress::busy;
  }
  // Of a statement that failed, the reset still rolls back: look at the transaction after it.
  const std::string native = sqlite3_errmsg(db_.get());
  release();
  if (code == SQLITE_INTERRUPT) return stopped(db_, db_.stop_now(), before.was_in_transaction());
  return before.failed(code, native, would_commit);
}

bool execution::commits(const attempt& before) const noexcept {
  if (!statement_) return false;
  if (statement_->kind == statement_kind::commit) return true;
  return !before.was_in_transaction() && sqlite3_stmt_readonly(raw()) == 0;
}

result<void> execution::deliver() {
  if (!sink_) return {};
  announce();
  auto& cells = session_.cells;
  cells.resize(static_cast<std::size_t>(sqlite3_column_count(raw())));
  int index = 0;
  for (auto& cell : cells)
    if (!read_cell(raw(), index++, cell)) return classify({.code = SQLITE_NOMEM});
  return sink_->row(cells);
}

// After the first step, since SQLite may prepare a statement anew there when the schema changed.
void execution::announce() {
  if (announced_ || !sink_) return;
  announced_ = true;
  const int count = sqlite3_column_count(raw());
  if (count == 0) return;
  const int version = sqlite3_stmt_status(raw(), SQLITE_STMTSTATUS_REPREPARE, 0);
  if (statement_->described_at != version) {
    statement_->columns.clear();
    for (int i = 0; i < count; ++i) statement_->columns.push_back(describe(raw(), i));
    statement_->described_at = version;
  }
  sink_->columns(statement_->columns);
}

// Rows of `INSERT … RETURNING` come after the whole change was made; stopping to read them does not
// undo it, it commits.
error execution::refused_by_sink(const attempt& before, error e) {
  const bool would_commit = commits(before);
  const int code = sqlite3_reset(raw());
  if (code != SQLITE_OK) return before.failed(code, sqlite3_errmsg(db_.get()), would_commit);
  release();
  if (would_commit) e.effect = side_effect::applied;
  return e;
}

result<void> execution::stop() {
  if (!statement_) return {};
  const attempt before{db_};
  const bool would_commit = commits(before);
  const int code = sqlite3_reset(raw());
  if (code != SQLITE_OK) {
    auto e = before.failed(code, sqlite3_errmsg(db_.get()), would_commit);
    release();
    return e;
  }
  release();
  return {};
}

void execution::note_change() noexcept { note_kind(session_, statement_->kind); }

void execution::release() noexcept {
  if (!statement_) return;
  sqlite3_reset(raw());
  sqlite3_clear_bindings(raw()); // they point into the caller's parameters
  statement_ = nullptr;
  session_.cells.clear(); // a large or private value does not outlive its statement
}

} // namespace holdfast::drivers::sqlite
