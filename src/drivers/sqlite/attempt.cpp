#include "drivers/sqlite/execution.hpp"

#include <sqlite3.h>

namespace holdfast::drivers::sqlite {
namespace {

error stop_error(stop_cause why) {
  if (why == stop_cause::deadline)
    return make_error(errc::deadline_exceeded,
                      "the statement did not end by its deadline and was interrupted");
  if (why == stop_cause::cancelled)
    return make_error(errc::cancelled, "the statement was interrupted because it was cancelled");
  return make_error(errc::connection_lost, "the connection was broken on purpose while in use");
}

} // namespace

error stopped(handle& db, stop_cause why, bool was_in_transaction) {
  if (!db.autocommit()) sqlite3_exec(db.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  auto e = stop_error(why);
  e.when = phase::answered;
  e.native_code = std::to_string(SQLITE_INTERRUPT);
  e.connection_usable = false;
  e.transaction_usable = !was_in_transaction;
  if (was_in_transaction && e.next == advice::retry_statement) e.next = advice::retry_transaction;
  return e;
}

attempt::attempt(handle& db) noexcept
    : db_{db}, was_in_transaction_{!db.autocommit()},
      changes_before_{sqlite3_total_changes64(db.get())} {}

error attempt::failed(int code, std::string_view native_message, bool commits) const {
  const bool changed = sqlite3_total_changes64(db_.get()) != changes_before_;
  return classify({.code = code,
                   .native_message = native_message,
                   .was_in_transaction = was_in_transaction_,
                   .in_transaction = !db_.autocommit(),
                   .commits = commits,
                   .kept_changes = changed && !was_in_transaction_});
}

bool attempt::worth_waiting(int code) const noexcept {
  return waits_for_lock(code, was_in_transaction_);
}

void note_kind(session_state& session, statement_kind kind) noexcept {
  if (kind == statement_kind::session) session.session_changed = true;
  if (kind == statement_kind::transaction || kind == statement_kind::commit)
    session.transaction_changed = true;
}

} // namespace holdfast::drivers::sqlite
