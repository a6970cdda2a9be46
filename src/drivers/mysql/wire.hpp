// The waits of the library's non-blocking calls, each with a deadline.
#pragma once

#include "drivers/mysql/handles.hpp"
#include "drivers/mysql/socket_wait.hpp"

#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <mutex>

namespace holdfast::drivers::mysql {

enum class wire_status : std::uint8_t { ok, timed_out, cancelled };

/// Before each call into the library over TLS. It leaves its socket blocking; and it takes an error
/// that others (a refused certificate, the application's own TLS) left in this thread's OpenSSL
/// queue for one of its own, so that a connection that only has to wait would count as lost.
void before_tls_call(int descriptor) noexcept;

/// One logged-in MYSQL. One user at a time, but for `interrupt`. It does not judge: errors are made
/// by who knows what was sent.
class wire {
public:
  explicit wire(mysql_link connected);
  ~wire();
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  [[nodiscard]] MYSQL* raw() const noexcept { return link_.get(); }

  /// Before each `…_start`, also where it may not have to wait.
  void before_call() noexcept {
    if (encrypted_) before_tls_call(descriptor_);
    reads_.never();
  }
  /// The same before a question, whose answer the socket itself may wait for: on a runtime that may
  /// block, and not near the deadline.
  void before_question(runtime& rt, deadline until) noexcept {
    before_call();
    const bool early = until.remaining(rt.coarse_now()) > 2 * longest_block;
    if (early && rt.reads_may_block()) reads_.wait_once();
  }
  /// Goes on with a call that wants to wait: `waits` is what its `…_start` returned, `go_on(ready)`
  /// its `…_cont`. After anything but ok the connection is dead, and only `close` is left.
  template <class GoOn>
  [[nodiscard]] task<wire_status> finish(runtime& rt, int waits, GoOn go_on, deadline until);

  /// True once a call was broken off: what still comes of it is nobody's.
  [[nodiscard]] bool is_cut() const noexcept { return cut_; }

  /// True if the peer has hung up, or said something unasked, which it does before it hangs up. One
  /// system call, no wait.
  [[nodiscard]] bool gone() noexcept;
  /// The number of the error that the peer sent before it hung up, as `gone` saw it; or 0.
  [[nodiscard]] unsigned last_words() const noexcept { return last_words_; }

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] bool encrypted() const noexcept { return encrypted_; }

  /// From any thread: whoever waits on this connection finds it ended.
  void interrupt() noexcept;
  /// `broken`: something may be half sent, so nothing is said to the peer.
  void close(bool broken) noexcept;

private:
  /// Ends a call that waits: left in the middle, it would never free the request that it sends.
  template <class GoOn>
  void break_off(int waits, GoOn& go_on);
  void cut() noexcept;
  void after_cut() noexcept;
  [[nodiscard]] static io events_for(int waits) noexcept;
  [[nodiscard]] static wire_status as_wire(wait_status s) noexcept {
    return s == wait_status::cancelled ? wire_status::cancelled : wire_status::timed_out;
  }

  mysql_link link_;
  socket_wait reads_;
  int descriptor_;
  unsigned last_words_ = 0;
  const bool encrypted_;
  bool cut_ = false;
  std::mutex mutex_; // guards interruptible_
  /// A duplicate of the socket: the library closes its own at errors, and the number could then be
  /// another connection's by the time that `interrupt` shuts it down.
  int interruptible_ = -1;
};

template <class GoOn>
void wire::break_off(int waits, GoOn& go_on) {
  constexpr int most = 100; // each reads what had come by then; the last finds a dead socket
  cut();
  for (int i = 0; waits != 0 && i < most; ++i) {
    before_call();
    waits = go_on(waits & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE));
  }
  after_cut();
}

template <class GoOn>
task<wire_status> wire::finish(runtime& rt, int waits, GoOn go_on, deadline until) {
  while (waits != 0) {
    if (!rt.reads_may_block()) reads_.note_event_loop();
    const auto waited = co_await rt.wait(descriptor_, events_for(waits), until);
    if (waited != wait_status::ready) {
      break_off(waits, go_on);
      co_return as_wire(waited);
    }
    before_call();
    waits = go_on(waits & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE));
  }
  co_return wire_status::ok;
}

} // namespace holdfast::drivers::mysql
