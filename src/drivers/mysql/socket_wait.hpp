// A read that is itself the wait, for callers whose thread may block.
#pragma once

#include <holdfast/time.hpp>

#include <chrono>
#include <mysql.h>

namespace holdfast::drivers::mysql {

/// Longer than most statements take, short beside a deadline that `runtime::wait` does not guard.
constexpr duration longest_block = std::chrono::milliseconds{100};

/// The library reads first, finds nothing, and only then says that it has to wait: three system
/// calls for an answer. After `wait_once` its next read waits for the answer instead, no longer
/// than `longest_block`; whatever it finds by then, the reads that follow are the library's own
/// again.
///
/// Not with TLS: a record may come in halves. One connection's, used like its MYSQL.
class socket_wait {
public:
  /// `connected` outlives this object's use.
  explicit socket_wait(MYSQL* connected) noexcept;

  void wait_once() noexcept { choose(true); }
  /// Takes `wait_once` back.
  void never() noexcept {
    if (armed_) choose(false);
  }

  /// An event loop has waited for the socket, which makes it one that does not block.
  void note_event_loop() noexcept { blocks_ = false; }

private:
  void choose(bool waiting) noexcept;
  [[nodiscard]] bool block() noexcept;

  MYSQL* connected_;
  bool possible_ = false;
  bool armed_ = false; // or was: the read that waited has taken itself out again
  bool blocks_ = false;
};

} // namespace holdfast::drivers::mysql
