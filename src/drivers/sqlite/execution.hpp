// One statement, or one script, on its way through SQLite: prepare, bind, step, finish. Blocking;
// the connection's coroutine calls `advance` through `offload` until it says `done`.
#pragma once

#include "drivers/sql_driver.hpp"
#include "drivers/sqlite/errors.hpp"
#include "drivers/sqlite/handle.hpp"
#include "drivers/sqlite/progress.hpp"
#include "drivers/sqlite/statement_cache.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::drivers::sqlite {

/// What statements of one connection share and leave behind. Owned by the connection.
struct session_state {
  explicit session_state(std::size_t cache_capacity) : cache{cache_capacity} {}

  statement_cache cache;
  std::vector<value> cells;         ///< one row, its memory reused
  bool transaction_changed = false; ///< a user's text opened or ended a transaction
  bool session_changed = false; ///< a user's text may have changed what a rollback does not undo
  bool read_only_transaction = false;
  bool committed_by_text = false; ///< the open transaction was ended by a user's COMMIT
};

/// The error of a statement that was stopped while it ran. Rolls back what it left open: after a
/// stop nothing of the transaction remains, and the connection is not used again.
[[nodiscard]] error stopped(handle& db, stop_cause why, bool was_in_transaction);

/// The error of a failed call, from the state before it and the handle as it is now.
class attempt {
public:
  explicit attempt(handle& db) noexcept;
  /// `commits`: success would have committed.
  [[nodiscard]] error failed(int code, std::string_view native_message, bool commits) const;
  /// True if `code` is answered by waiting and doing the same again.
  [[nodiscard]] bool worth_waiting(int code) const noexcept;
  [[nodiscard]] bool was_in_transaction() const noexcept { return was_in_transaction_; }

private:
  handle& db_;
  bool was_in_transaction_;
  std::int64_t changes_before_;
};

/// One statement. `sink` and parameters are used inside `advance`, that is on the worker of
/// `offload`; nothing else touches them meanwhile.
class execution {
public:
  execution(handle& db, session_state& session, const statement& what, row_sink* sink) noexcept
      : db_{db}, session_{session}, what_{what}, sink_{sink} {}
  execution(const execution&) = delete;
  execution& operator=(const execution&) = delete;
  ~execution() { release(); }

  /// Blocking. At most `fetch_size` rows a call, and fewer where they are large; `busy` only while
  /// no row was delivered.
  [[nodiscard]] result<progress> advance();
  /// Where the next rows go.
  void give_to(row_sink& sink) noexcept { sink_ = &sink; }
  /// Ends the statement early: a change that it made stays. Blocking; does nothing after the end.
  [[nodiscard]] result<void> stop();
  [[nodiscard]] int busy_code() const noexcept { return busy_code_; }
  [[nodiscard]] std::uint64_t rows_affected() const noexcept { return rows_affected_; }

private:
  [[nodiscard]] result<progress> prepare();
  [[nodiscard]] result<void> check_text(std::string_view tail, sqlite3_stmt* s) const;
  [[nodiscard]] result<void> check_use() const;
  [[nodiscard]] result<void> bind_all();
  [[nodiscard]] result<progress> step_rows(const attempt& before);
  [[nodiscard]] result<progress> finish(const attempt& before);
  [[nodiscard]] result<progress> ended(const attempt& before, int code);
  [[nodiscard]] result<void> deliver();
  [[nodiscard]] error refused_by_sink(const attempt& before, error e);
  void announce();
  void note_change() noexcept;
  [[nodiscard]] bool commits(const attempt& before) const noexcept;
  [[nodiscard]] sqlite3_stmt* raw() const noexcept { return statement_->handle.get(); }
  void release() noexcept;

  handle& db_;
  session_state& session_;
  const statement what_;
  row_sink* sink_;
  prepared* statement_ = nullptr;
  prepared own_; // a statement that is not worth caching
  bool announced_ = false;
  bool delivered_ = false;
  int busy_code_ = 0;
  std::uint64_t rows_affected_ = 0;
};

/// Statement after statement of one text. What ran before a failure stays, as it does in SQLite:
/// the error's effect says `applied` if something was committed.
class script_run {
public:
  script_run(handle& db, session_state& session, std::string_view sql) noexcept
      : db_{db}, session_{session}, rest_{sql} {}

  [[nodiscard]] result<progress> advance();
  [[nodiscard]] int busy_code() const noexcept { return busy_code_; }

private:
  [[nodiscard]] result<progress> run_first();
  [[nodiscard]] result<progress> ended(const attempt& before, int code, bool commits);
  [[nodiscard]] error placed(error e) const;

  handle& db_;
  session_state& session_;
  std::string_view rest_;
  std::uint32_t number_ = 1;
  bool applied_ = false;
  int busy_code_ = 0;
};

/// Marks what running a statement of this kind may change.
void note_kind(session_state& session, statement_kind kind) noexcept;

} // namespace holdfast::drivers::sqlite
