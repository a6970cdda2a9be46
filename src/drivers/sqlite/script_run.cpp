#include "drivers/sqlite/execution.hpp"

#include <cstddef>
#include <sqlite3.h>
#include <utility>

namespace holdfast::drivers::sqlite {

result<progress> script_run::advance() {
  if (rest_.find('\0') != std::string_view::npos)
    return make_error(errc::invalid_statement, "the script's text holds a NUL character");
  while (!is_blank(rest_)) {
    if (const auto why = db_.stop_now(); why != stop_cause::none && number_ > 1)
      return placed(stopped(db_, why, !db_.autocommit()));
    auto ran = run_first();
    if (!ran || *ran != progress::done) return ran;
    ++number_;
  }
  return progress::done;
}

result<progress> script_run::run_first() {
  const attempt before{db_};
  const auto kind = kind_of(rest_);
  const char* tail = nullptr;
  sqlite3_stmt* made = nullptr;
  const int code =
      sqlite3_prepare_v2(db_.get(), rest_.data(), static_cast<int>(rest_.size()), &made, &tail);
  statement_handle owner{made};
  if (code != SQLITE_OK) return ended(before, code, false);
  if (sqlite3_bind_parameter_count(made) != 0)
    return placed(make_error(errc::parameter_count, "a script takes no parameters"));
  const bool writes = made && sqlite3_stmt_readonly(made) == 0;
  if (session_.read_only_transaction && writes)
    return placed(make_error(errc::read_only_transaction,
                             "the statement writes, but its transaction is read-only"));
  note_kind(session_, kind);
  int stepped = SQLITE_DONE;
  while (made && (stepped = sqlite3_step(made)) == SQLITE_ROW) {
  }
  // Finalizing ends a failed statement's own transaction: look at the state only after it.
  owner.reset();
  const bool commits = kind == statement_kind::commit || (writes && !before.was_in_transaction());
  if (stepped != SQLITE_DONE) return ended(before, stepped, commits);
  if (kind == statement_kind::session) sqlite3_busy_handler(db_.get(), nullptr, nullptr);
  const bool ended_now = before.was_in_transaction() && db_.autocommit();
  const bool committed = ended_now && kind == statement_kind::commit;
  if (committed) session_.committed_by_text = true;
  applied_ = applied_ || committed || (writes && !before.was_in_transaction() && db_.autocommit());
  rest_.remove_prefix(static_cast<std::size_t>(tail - rest_.data()));
  return progress::done;
}

result<progress> script_run::ended(const attempt& before, int code, bool commits) {
  if (before.worth_waiting(code)) {
    busy_code_ = code;
    return progress::busy;
  }
  if (code == SQLITE_INTERRUPT)
    return placed(stopped(db_, db_.stop_now(), before.was_in_transaction()));
  return placed(before.failed(code, sqlite3_errmsg(db_.get()), commits));
}

error script_run::placed(error e) const {
  e.message = "statement " + std::to_string(number_) + " of the script: " + e.message;
  if (applied_ && e.effect == side_effect::none) e.effect = side_effect::applied;
  return e;
}

} // namespace holdfast::drivers::sqlite
