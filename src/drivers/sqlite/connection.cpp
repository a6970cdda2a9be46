#include "drivers/sqlite/connection.hpp"

#include "drivers/sqlite/errors.hpp"

#include <algorithm>
#include <sqlite3.h>
#include <string>
#include <utility>

namespace holdfast::drivers::sqlite {
namespace {

error expired_before_running() {
  return make_error(errc::deadline_exceeded, "the deadline had passed before the statement ran");
}

// The opening of a handle as work that can be driven.
struct open_work {
  opening steps;
  handle& target;

  result<progress> advance() {
    auto done = steps.advance();
    if (done && *done == progress::done) target.adopt(steps.take());
    return done;
  }
  [[nodiscard]] int busy_code() const noexcept { return SQLITE_BUSY; }
};

} // namespace

template <class Work>
result<progress> connection::step(runtime& rt, Work& work, deadline until, bool first,
                                  bool waited) {
  const handle::watch watched{handle_, rt, until};
  const auto why = handle_.stop_now();
  if (why == stop_cause::none) return work.advance();
  if (!first || why == stop_cause::interrupted) return stopped(handle_, why, !handle_.autocommit());
  // The deadline may pass between the end of a nap and the look at the lock.
  if (why == stop_cause::deadline && waited) return still_locked(work.busy_code());
  if (why == stop_cause::deadline) return expired_before_running();
  return wait_error(wait_status::cancelled, "about to run a statement");
}

/// Runs `work` to its end.
template <class Work>
task<result<void>> connection::drive(runtime& rt, Work& work, deadline until) {
  for (bool first = true;;) {
    auto batch = drive_batch(rt, work, until, first);
    auto driven = co_await std::move(batch);
    if (!driven) co_return std::move(driven).error();
    if (*driven == progress::done) co_return result<void>{};
  }
}

/// Runs `work` until a batch is through, waiting out locks. After `busy` nothing has run, so that a
/// deadline met while waiting leaves the connection as it was. `first`: nothing has run yet.
template <class Work>
task<result<progress>> connection::drive_batch(runtime& rt, Work& work, deadline until,
                                               bool& first) {
  for (std::uint32_t looks = 0;;) {
    auto blocking = [&] { return step(rt, work, until, first, looks > 0); };
    auto offloaded = rt.offload(blocking);
    auto stepped = co_await std::move(offloaded);
    if (!stepped) co_return located(std::move(stepped).error());
    first = *stepped == progress::busy;
    if (!first) co_return stepped;
    const auto wake = std::min(rt.now() + poll_delay(looks++, rt.random()), until.at());
    auto nap = rt.sleep_until(wake);
    const auto woken = co_await nap;
    if (woken == wait_status::cancelled)
      co_return located(wait_error(woken, "waiting for the lock on the database"));
    if (until.expired(rt.now())) co_return located(still_locked(work.busy_code()));
  }
}

error connection::still_locked(int code) const {
  const bool open = !handle_.autocommit();
  auto e = classify({.code = code,
                     .native_message = sqlite3_errstr(code),
                     .was_in_transaction = open,
                     .in_transaction = open});
  e.message += ", and kept it until the deadline";
  // What stands in the way may be waiting for what this transaction has read: end it, then again.
  if (open) e.next = advice::retry_transaction;
  return e;
}

error connection::located(error e) const {
  e.where.host = settings_.path;
  return e;
}

task<result<void>> connection::open(runtime& rt, deadline until) {
  open_work work{opening{settings_, where_, handle_}, handle_};
  auto driven = drive(rt, work, until);
  auto opened = co_await std::move(driven);
  if (!opened) opened.error().connection_usable = false;
  co_return opened;
}

task<result<void>> connection::perform(runtime& rt, statement what, row_sink* rows,
                                       statement_result& done, deadline until) {
  execution work{handle_, session_, what, rows};
  auto driven = drive(rt, work, until);
  auto ran = co_await std::move(driven);
  if (!ran) co_return std::move(ran).error();
  done.rows_affected = work.rows_affected();
  co_return result<void>{};
}

task<result<progress>> connection::next_batch(runtime& rt, execution& work, deadline until,
                                              bool& first) {
  return drive_batch(rt, work, until, first);
}

task<result<void>> connection::script(runtime& rt, std::string_view sql, deadline until) {
  script_run work{handle_, session_, sql};
  auto driven = drive(rt, work, until);
  co_return co_await std::move(driven);
}

/// A statement of the library's own: leaves no mark on the session.
task<result<void>> connection::control(runtime& rt, std::string_view sql, deadline until) {
  const bool was_changed = session_.transaction_changed;
  const statement what{.sql = sql, .parameters = {}, .fetch_size = 1};
  execution work{handle_, session_, what, nullptr};
  auto driven = drive(rt, work, until);
  auto ran = co_await std::move(driven);
  session_.transaction_changed = was_changed;
  co_return ran;
}

// Every isolation level asked for is met: SQLite's transactions are serializable.
task<result<void>> connection::begin(runtime& rt, begin_options how, deadline until) {
  const bool writer = !how.read_only && !settings_.options.read_only;
  auto starting = control(rt, writer ? "BEGIN IMMEDIATE" : "BEGIN", until);
  auto begun = co_await std::move(starting);
  if (begun) session_.read_only_transaction = how.read_only;
  if (begun) session_.committed_by_text = false;
  co_return begun;
}

task<result<void>> connection::commit(runtime& rt, deadline until) {
  if (handle_.autocommit()) {
    auto e = make_error(errc::transaction_finished, "there is no open transaction to commit");
    if (session_.committed_by_text) e.effect = side_effect::applied;
    e.transaction_usable = false;
    session_.read_only_transaction = false;
    co_return located(std::move(e));
  }
  auto committing = control(rt, "COMMIT", until);
  auto done = co_await std::move(committing);
  session_.read_only_transaction = false;
  if (done) co_return done;
  // Known not committed, unless the disk failed at the very end: rolled back here, so that it
  // stays so.
  auto undo = [this] { return roll_back_now(); };
  auto undoing = rt.offload(undo);
  const auto undone = co_await std::move(undoing);
  auto e = std::move(done).error();
  e.transaction_usable = false;
  if (e.next == advice::retry_statement) e.next = advice::retry_transaction;
  if (!undone) e.connection_usable = false;
  co_return e;
}

/// Not bound to a deadline: it waits for no lock, and a transaction must not stay open.
result<void> connection::roll_back_now() {
  session_.read_only_transaction = false;
  if (handle_.autocommit()) return {};
  const attempt before{handle_};
  const int code = sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (code == SQLITE_OK || handle_.autocommit()) return {};
  auto e = before.failed(code, sqlite3_errmsg(handle_.get()), false);
  e.connection_usable = false;
  return located(std::move(e));
}

task<result<void>> connection::rollback(runtime& rt, deadline) {
  auto undo = [this] { return roll_back_now(); };
  auto undoing = rt.offload(undo);
  co_return co_await std::move(undoing);
}

// Outside a transaction SAVEPOINT would open one, and whoever sent it would believe in another.
task<result<void>> connection::in_open_transaction(runtime& rt, std::string_view verb,
                                                   std::uint32_t depth, deadline until) {
  if (handle_.autocommit()) {
    auto e = make_error(errc::transaction_failed, "the transaction is no longer open");
    e.transaction_usable = false;
    co_return located(std::move(e));
  }
  const std::string sql = std::string{verb} + " holdfast_" + std::to_string(depth);
  auto running = control(rt, sql, until);
  co_return co_await std::move(running);
}

task<result<void>> connection::savepoint(runtime& rt, std::uint32_t depth, deadline until) {
  return in_open_transaction(rt, "SAVEPOINT", depth, until);
}

task<result<void>> connection::release_savepoint(runtime& rt, std::uint32_t depth, deadline until) {
  return in_open_transaction(rt, "RELEASE", depth, until);
}

task<result<void>> connection::rollback_to_savepoint(runtime& rt, std::uint32_t depth,
                                                     deadline until) {
  return in_open_transaction(rt, "ROLLBACK TO", depth, until);
}

task<result<void>> connection::ping(runtime& rt, deadline until) {
  // A connection to a file that was deleted goes on working, into nowhere.
  int moved = 0;
  auto look = [&] {
    return sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  };
  auto looking = rt.offload(look);
  const int code = co_await std::move(looking);
  if (code == SQLITE_OK && moved != 0)
    co_return located(classify({.code = SQLITE_READONLY_DBMOVED}));
  auto asking = control(rt, "SELECT 1 FROM sqlite_schema LIMIT 1", until);
  co_return co_await std::move(asking);
}

task<result<void>> connection::reset(runtime& rt, deadline until) {
  auto undo = [this] { return roll_back_now(); };
  auto undoing = rt.offload(undo);
  auto undone = co_await std::move(undoing);
  if (!undone) co_return undone;
  if (session_.session_changed) {
    // There are some sixty PRAGMAs, attached files and temporary objects: nothing is as good as new
    // but a new one. Open first, close after, so that the last close does not write a checkpoint.
    session_.cache.clear();
    auto opening_again = open(rt, until);
    auto opened = co_await std::move(opening_again);
    if (!opened) co_return opened;
  }
  mark_clean();
  co_return result<void>{};
}

void connection::mark_clean() noexcept {
  session_.session_changed = false;
  session_.transaction_changed = false;
  session_.committed_by_text = false;
}

bool connection::dirty() const noexcept {
  return session_.session_changed || session_.transaction_changed || !handle_.autocommit();
}

transaction_status connection::in_transaction() const noexcept {
  if (!handle_.get()) return transaction_status::unknown;
  return handle_.autocommit() ? transaction_status::none : transaction_status::open;
}

void connection::close() noexcept {
  session_.cache.clear();
  handle_.close();
}

} // namespace holdfast::drivers::sqlite
