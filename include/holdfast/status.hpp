#pragma once

#include <holdfast/error.hpp>
#include <holdfast/host_role.hpp>
#include <holdfast/pool_snapshot.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

enum class breaker_state : std::uint8_t;

/// One host as it stands.
struct host_status {
  std::string host;
  bool up = true;
  host_role role = host_role::unknown;
  bool writer = false; ///< writes go here
  /// A replica's: it shows at least what was committed so long ago. Empty: that is not known.
  std::optional<duration> staleness{};
  duration in_this_state{}; ///< how long it has been up or down
  holdfast::breaker_state breaker{};
  pool_snapshot pool;
  std::string last_error; ///< why it is or was down; empty if it never was
};

/// A journal of writes that wait for their database, as it stands.
struct journal_status {
  std::string file;
  std::uint64_t queued = 0;
  std::uint64_t bytes = 0;   ///< of what is queued
  duration oldest{};         ///< how long the first of them has waited
  std::uint64_t drained = 0; ///< since it was opened
  std::uint64_t refused = 0; ///< put aside: the server said no for good, or they grew too old
  std::string last_error;    ///< why the first one waits; empty once one went through
};

/// A database as it stands; a plain copy.
struct database_status {
  std::string name;
  std::string engine;
  std::vector<host_status> hosts;
  bool suspended = false;
  double retry_budget = 0; ///< tokens left
  std::uint64_t operations = 0;
  std::uint64_t failures = 0;
  std::uint64_t attempts = 0; ///< statements and transactions that were given a connection
  std::uint64_t retries = 0;  ///< tries after the first, those that the breaker refused included
  std::uint64_t outcomes_resolved = 0;
  std::uint64_t outcomes_unknown = 0;
  std::uint64_t hedges = 0;       ///< second attempts of reads that took long
  std::uint64_t hedges_won = 0;   ///< of these, that answered first
  std::uint64_t served_stale = 0; ///< reads answered from memory, the database being unavailable
  duration median_latency{};      ///< of attempts
  std::vector<journal_status> journals;
};

enum class health : std::uint8_t { healthy, degraded, unhealthy };

[[nodiscard]] std::string_view to_string(health) noexcept;

struct health_report {
  holdfast::health status = holdfast::health::healthy;
  std::vector<std::string> reasons; ///< empty when healthy
  duration latency{};               ///< of this check's round trip; 0 if there was none
};

} // namespace holdfast
