#pragma once

#include <holdfast/time.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

enum class pool_state : std::uint8_t {
  paused,    ///< acquires are refused: the host is thought to be down, or `ready` was never called
  ready,     ///<
  suspended, ///< acquires wait: a planned failover
  closed,
};

[[nodiscard]] std::string_view to_string(pool_state) noexcept;

/// A lease that is out, as an exhaustion or leak report names it.
struct lease_report {
  std::uint64_t connection = 0;
  std::source_location holder{};
  duration age{};
  std::string thread;         ///< the holder's thread id, as text
  std::string last_statement; ///< the operation's name, never its SQL
};

/// The pool's numbers at one instant; consistent with each other. `idle + in_use + connecting +
/// tending` never exceeds `max_size`.
struct pool_snapshot {
  pool_state state = pool_state::paused;
  std::uint32_t min_size = 0;
  std::uint32_t max_size = 0;
  std::uint32_t idle = 0;
  std::uint32_t in_use = 0; ///< leased, or being validated for a borrower
  std::uint32_t connecting = 0;
  std::uint32_t tending = 0; ///< being reset or pinged in the background
  std::uint32_t waiting = 0;
  std::uint32_t lease_limit = 0; ///< leases that may be out now: max_size, or less under overload
  std::uint64_t generation = 0;
  duration oldest_wait{};
  std::vector<lease_report> oldest_leases; ///< at most five, oldest first
  std::string last_connect_error;          ///< empty if none since the last success
  bool likely_self_deadlock = false;       ///< the refused thread already holds a lease
};

/// One line for people and logs: the numbers, the oldest leases, the last connect error.
[[nodiscard]] std::string to_string(const pool_snapshot&);

} // namespace holdfast
