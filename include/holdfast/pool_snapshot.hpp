#pragma once

#include <holdfast/time.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace holdfast {

enum class pool_state : std::uint8_t { paused, ready, suspended, closed };

/// A lease that is out, as an exhaustion or leak report names it.
struct lease_report {
  std::uint64_t connection = 0;
  std::source_location holder{};
  duration age{};
  std::string thread;         ///< the holder's thread id, as text
  std::string last_statement; ///< the operation's name, never its SQL
};

/// The pool's numbers at one instant; consistent with each other.
struct pool_snapshot {
  pool_state state = pool_state::paused;
  std::uint32_t min_size = 0;
  std::uint32_t max_size = 0;
  std::uint32_t idle = 0;
  std::uint32_t in_use = 0;
  std::uint32_t connecting = 0;
  std::uint32_t waiting = 0;
  std::uint64_t generation = 0;
  duration oldest_wait{};
  std::vector<lease_report> oldest_leases; ///< at most five, oldest first
  std::string last_connect_error;          ///< empty if none since the last success
  bool likely_self_deadlock = false;       ///< the refused thread already holds a lease
};

} // namespace holdfast
