// The waits of libpq's protocol, each with a deadline.
#pragma once

#include "drivers/postgres/handles.hpp"

#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::drivers::postgres {

enum class wire_status : std::uint8_t { ok, timed_out, cancelled, lost };

/// One connected PGconn in non-blocking mode. One user at a time, but for `interrupt`.
/// It does not judge: errors are made by who knows what was sent.
class wire {
public:
  /// `connected` is past CONNECTION_OK. Prints nothing: notices come here.
  explicit wire(pg_connection connected);
  ~wire();
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  [[nodiscard]] PGconn* raw() const noexcept { return connection_.get(); }

  /// Waits until `take` does not block. First writes what is queued, and reads meanwhile: a server
  /// that waits for us to read would never read.
  [[nodiscard]] task<wire_status> ready(runtime& rt, deadline until);

  /// `ready` in its steps, for the loop that every query takes: writes and parses what it can, and
  /// says what is to be waited for; `consume` takes what came of that.
  enum class need : std::uint8_t { nothing, input, output, lost };
  /// Waits for input itself where the socket may (`waits_itself`).
  [[nodiscard]] need advance(runtime& rt, deadline until) noexcept;
  /// Right after a send, where the socket itself may wait: waits a moment for the answer, without
  /// looking first for what cannot have come. `advance` goes on from there.
  [[nodiscard]] need first_answer() noexcept;
  [[nodiscard]] static bool is_wait(need n) noexcept {
    return n == need::input || n == need::output;
  }
  [[nodiscard]] int descriptor() const noexcept { return PQsocket(raw()); }
  [[nodiscard]] static io events_for(need n) noexcept {
    return n == need::output ? io::read_write : io::read;
  }
  [[nodiscard]] wire_status consume(wait_status waited) noexcept;
  /// Whether the socket itself may wait for what is read, no longer than a moment, which saves a
  /// system call; `left`: until the deadline. Also makes the socket fit for `rt`, so to be asked
  /// before each use: it blocks nobody on a runtime that must not block.
  bool waits_itself(runtime& rt, duration left) noexcept;
  void never_block() noexcept { set_blocking(false); }

  /// Whether `take` would give the next result at once.
  [[nodiscard]] bool is_ready() const noexcept { return PQflush(raw()) == 0 && !PQisBusy(raw()); }
  /// The next result, or null at the end of a command. Only after `ready` gave ok or lost.
  [[nodiscard]] pg_result take() noexcept;
  /// All results up to and with the given number of pipeline synchronisation points.
  [[nodiscard]] task<wire_status> take_pipeline(runtime& rt, int syncs, deadline until,
                                                std::vector<pg_result>& out);

  /// True if the peer has hung up while nothing was asked of it. One system call, no wait.
  [[nodiscard]] bool gone() noexcept;

  /// The SQLSTATE of the FATAL that ended the session (57P01 at a shutdown), as an answer or as a
  /// notice outside any statement; or empty.
  [[nodiscard]] const std::string& last_words() const noexcept { return last_words_; }
  /// True if a warning came since it was asked last that says that a commit was not replicated.
  [[nodiscard]] bool take_commit_warning() noexcept {
    return std::exchange(commit_warning_, false);
  }
  /// After each statement: nobody listens yet, and libpq would keep them for ever.
  void drop_notifications() noexcept;

  /// From any thread: whoever waits on this connection finds it ended.
  void interrupt() noexcept;
  void close() noexcept;

private:
  static void on_notice(void* self, const PGresult* notice) noexcept;
  [[nodiscard]] need advance() noexcept; // without waiting
  [[nodiscard]] bool tls_has_more() const noexcept;
  bool set_blocking(bool wanted) noexcept;

  pg_connection connection_;
  std::string last_words_;
  bool commit_warning_ = false;
  const bool encrypted_;
  std::uint32_t statements_ = 0;
  bool blocking_ = false; // as the socket's flags are
  std::mutex mutex_;      // guards interruptible_
  /// A duplicate of the socket: libpq may close its own at any error, and the number could then be
  /// another connection's by the time that `interrupt` shuts it down.
  int interruptible_ = -1;
};

} // namespace holdfast::drivers::postgres
