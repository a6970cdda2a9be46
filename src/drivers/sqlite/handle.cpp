#include "drivers/sqlite/handle.hpp"

#include <sqlite3.h>
#include <utility>

namespace holdfast::drivers::sqlite {

// A thousand steps of SQLite's machine are some 20 µs: often enough for a deadline in milliseconds,
// seldom enough that the clock is not seen in a profile.
constexpr int steps_between_looks = 1000;

// close_v2, so that a statement still held elsewhere cannot turn closing into a leak.
void database_closer::operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }

bool handle::autocommit() const noexcept { return !db_ || sqlite3_get_autocommit(db_.get()) != 0; }

void handle::guard(sqlite3* db) noexcept {
  sqlite3_progress_handler(db, steps_between_looks, &handle::on_progress, this);
}

void handle::adopt(database_handle db) noexcept {
  {
    const std::scoped_lock lock{mutex_};
    std::swap(db_, db);
  }
  // `db` is the old one: closed here, outside the lock, since closing may write a checkpoint.
}

void handle::interrupt() noexcept {
  interrupted_.store(true);
  const std::scoped_lock lock{mutex_};
  if (db_) sqlite3_interrupt(db_.get());
}

stop_cause handle::stop_now() const noexcept {
  if (interrupted_.load(std::memory_order_relaxed)) return stop_cause::interrupted;
  if (!runtime_) return stop_cause::none;
  if (runtime_->cancelled()) return stop_cause::cancelled;
  return until_.expired(runtime_->now()) ? stop_cause::deadline : stop_cause::none;
}

int handle::on_progress(void* self) noexcept {
  return static_cast<handle*>(self)->stop_now() == stop_cause::none ? 0 : 1;
}

} // namespace holdfast::drivers::sqlite
