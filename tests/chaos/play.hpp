// How every cell but the COMMIT-kill is played: healthy traffic, the fault, its end, and the books.
#pragma once

#include "chaos/matrix.hpp"
#include "chaos/workload.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::matrix {

struct plan {
  std::uint16_t port = 0; ///< where callers connect
  std::string url{};      ///< the same where one port does not say it
  /// Adds to the fresh tables what the fault needs.
  std::function<void()> furnish = [] {};
  std::function<void()> harm = [] {};
  std::function<void()> nudge = [] {}; ///< every 50 ms while the fault lasts
  /// Ends the fault; from which moment on the server accepts.
  std::function<time_point()> heal = [] { return clock::now(); };
  /// After the first success, while callers go on.
  std::function<void()> afterwards = [] {};
  std::uint64_t healthy_writes = 20; ///< before the fault
  duration lasts{};                  ///< at least
  /// From the end of the fault to the first success.
  duration recovers_within{};
  /// No write may end well meanwhile: else the fault did not bite.
  bool outage = false;
  /// The fault is none of ours: no call may fail.
  bool harmless = false;
  /// At least one of these must have been seen: else the fault did not bite, or was not recognised.
  std::vector<errc> expected{};
  /// None of these may be seen: the fault does not cause them, a connection in doubt that is used
  /// again does.
  std::vector<errc> forbidden{};
  /// No connection may meet this twice: it says that the connection is of no use any more.
  std::optional<errc> once_a_connection{};
  /// The server goes on accepting and refuses: the breaker is to open, and so its time goes by
  /// before the first success.
  bool breaker_opens = false;
  database_options options{};
  workload_options load{};
};

/// The callers' options in a cell: limits so short that a cell ends soon.
[[nodiscard]] database_options brisk();
/// The callers of a cell.
[[nodiscard]] workload_options callers(trial& t);

/// A plan whose callers enter by the server's own port.
[[nodiscard]] plan direct(trial& t);

/// Plays it and holds all oracles to it: sum and set, replies, deadlines, recovery, resources, and
/// in an outage how often was tried.
void play(trial& t, const plan& p);

} // namespace holdfast::matrix
