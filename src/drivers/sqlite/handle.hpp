// The sqlite3* of one connection and the watch that ends its statements. Blocking calls only; no
// coroutine lives here.
#pragma once

#include <holdfast/runtime.hpp>
#include <holdfast/time.hpp>

#include <atomic>
#include <memory>
#include <mutex>

struct sqlite3;

namespace holdfast::drivers::sqlite {

struct database_closer {
  void operator()(sqlite3* db) const noexcept;
};
using database_handle = std::unique_ptr<sqlite3, database_closer>;

/// Why a running statement was, or is to be, ended.
enum class stop_cause : std::uint8_t { none, deadline, cancelled, interrupted };

/// One user at a time, but for `interrupt`.
class handle {
public:
  handle() = default;
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;

  [[nodiscard]] sqlite3* get() const noexcept { return db_.get(); }
  /// True while no transaction is open, also when there is no database.
  [[nodiscard]] bool autocommit() const noexcept;

  /// Makes `db` ask this handle, every thousand or so of its steps, whether to go on.
  void guard(sqlite3* db) noexcept;
  /// Takes the place of the database held until now, which is closed.
  void adopt(database_handle db) noexcept;
  void close() noexcept { adopt(nullptr); }

  /// Ends what runs, and everything after it until `close`. Threads: any.
  void interrupt() noexcept;

  /// Whether to stop now: interrupted, or, under a `watch`, cancelled or past the deadline.
  [[nodiscard]] stop_cause stop_now() const noexcept;

  /// While it lives, statements of the handle end by the deadline or the runtime's cancellation.
  /// SQLite asks from inside the blocking call, so the runtime's `now` and `cancelled` are called
  /// on the worker that `offload` uses.
  class watch {
  public:
    watch(handle& h, runtime& rt, deadline until) noexcept : handle_{h} {
      h.runtime_ = &rt;
      h.until_ = until;
    }
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;
    ~watch() { handle_.runtime_ = nullptr; }

  private:
    handle& handle_;
  };

private:
  static int on_progress(void* self) noexcept;

  std::mutex mutex_; // guards the exchange of db_ against `interrupt` on another thread
  database_handle db_;
  std::atomic<bool> interrupted_{false};
  runtime* runtime_ = nullptr;
  deadline until_{time_point{}};
};

} // namespace holdfast::drivers::sqlite
