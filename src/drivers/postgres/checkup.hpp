// What `holdfast doctor` asks a PostgreSQL server, and what it makes of the answers.
#pragma once

#include "drivers/checkup.hpp"
#include "drivers/postgres/settings.hpp"

#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>

#include <optional>
#include <string>

namespace holdfast::drivers::postgres {

/// What is in force for a session of ours. Empty timeouts: none.
struct server_settings {
  std::int64_t max_connections = 0;
  std::int64_t reserved_connections = 0; ///< for superusers and for pg_use_reserved_connections
  std::optional<duration> statement_timeout{};
  std::optional<duration> lock_timeout{};
  std::optional<duration> idle_in_transaction_timeout{};
  std::optional<duration> idle_session_timeout{};
  /// How long a client may be gone until the server notices; empty: not of this connection.
  std::optional<duration> keepalive_silence{};
  bool read_only = false; ///< by itself, and not because our options ask for it
  bool fsync = true;
  bool full_page_writes = true;
  std::string synchronous_commit{"on"};
  std::string synchronous_standbys{};
  std::string password_encryption{"scram-sha-256"};
};

struct server_usage {
  std::int64_t connections = 0;                 ///< of everybody, ours of the moment among them
  std::optional<std::int64_t> role_limit{};     ///< of our role
  std::optional<std::int64_t> database_limit{}; ///< of our database
  std::int64_t standbys = 0;                    ///< that it streams to
  bool standby = false;                         ///< it follows another server
};

struct operation_table_facts {
  bool complete = false; ///< table, low-water mark and triggers
  bool usable = false;   ///< this role may read, insert, change and delete
  bool creatable = false;
};

/// Of one login. What could not be asked is empty, and `failure` says why.
struct server_facts {
  std::optional<error> failure{};
  bool entered = false;
  duration login_took{};
  std::string user{};
  std::string database{};
  int version = 0; ///< 150004
  tls_facts tls{};
  std::optional<clock_facts> clocks{};
  std::optional<server_settings> settings{};
  std::optional<server_usage> usage{};
  std::optional<operation_table_facts> operation_table{};
};

/// Logs in once and asks, each question in a read-only transaction of its own. Does not run
/// `after_connect`, which may write. Never fails: the facts say how far it came.
[[nodiscard]] task<server_facts> ask_for_facts(runtime& rt, const settings& s, wall_clock now,
                                               deadline until);

/// Every row about a server that could be reached. Pure.
[[nodiscard]] findings judge(const server_facts& f, const yardstick& by);
/// Of these, the rows about timeouts. Pure.
[[nodiscard]] findings judge_timeouts(const server_settings& s, const tls_facts& way,
                                      const yardstick& by);
/// Every row after the login, not tried.
[[nodiscard]] findings not_tried(std::string_view why);

/// Both in one. `s` must outlive it.
[[nodiscard]] task<checkup> check_up(runtime& rt, const settings& s, const yardstick& by,
                                     wall_clock now, deadline until);

} // namespace holdfast::drivers::postgres
