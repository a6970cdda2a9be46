// What `holdfast doctor` asks a MySQL or MariaDB server, and what it makes of the answers.
#pragma once

#include "drivers/checkup.hpp"
#include "drivers/mysql/settings.hpp"

#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>

#include <optional>
#include <string>
#include <vector>

namespace holdfast::drivers::mysql {

/// What is in force for a session of ours. Empty: none, or the server has no such setting.
struct server_settings {
  std::string sql_mode{};
  std::optional<duration> wait_timeout{};             ///< after which an idle session is ended
  std::optional<duration> idle_transaction_timeout{}; ///< MariaDB
  std::optional<duration> statement_timeout{};        ///< max_statement_time, max_execution_time
  std::optional<duration> lock_wait_timeout{};        ///< innodb_lock_wait_timeout
  bool rollback_on_timeout = false;                   ///< innodb_rollback_on_timeout
  std::int64_t max_connections = 0;
  std::optional<std::int64_t> max_user_connections{}; ///< of our user
  std::int64_t max_prepared_statements = 0;           ///< of all sessions
  std::int64_t max_packet = 0;                        ///< bytes
  bool read_only = false;
  bool binary_log = false;
  std::int64_t flush_log_at_commit = 1; ///< innodb_flush_log_at_trx_commit
  std::int64_t sync_binlog = 1;
  bool doublewrite = true; ///< innodb_doublewrite
};

struct server_usage {
  std::int64_t connections = 0;  ///< of everybody, ours of the moment among them
  std::optional<bool> follows{}; ///< it has a primary; empty: this user may not know
};

struct table_facts {
  bool operation_tables = false; ///< table and low-water mark are there
  /// This user may make them; empty: perhaps by a role, whose rights are not looked into.
  std::optional<bool> creatable{};
  /// Some tables whose engine has no transactions, so that no outcome holds for them.
  std::vector<std::string> without_transactions{};
};

/// Of one login. What could not be asked is empty, and `failure` says why.
struct server_facts {
  std::optional<error> failure{};
  bool entered = false;
  duration login_took{};
  std::string user{};
  std::string database{};
  bool mariadb = true;
  std::uint32_t version = 0; ///< 101119
  tls_facts tls{};
  std::optional<clock_facts> clocks{};
  std::optional<server_settings> settings{};
  std::optional<server_usage> usage{};
  std::optional<table_facts> tables{};
};

/// Logs in once and asks, each question in a read-only transaction of its own. Does not run
/// `after_connect`, which may write. Never fails: the facts say how far it came.
[[nodiscard]] task<server_facts> ask_for_facts(runtime& rt, const settings& s, wall_clock now,
                                               deadline until);

/// Every row about a server that could be reached. Pure.
[[nodiscard]] findings judge(const server_facts& f, const yardstick& by);
/// Of these, the rows about timeouts. Pure.
[[nodiscard]] findings judge_timeouts(const server_settings& s, const yardstick& by);
/// Every row after the login, not tried.
[[nodiscard]] findings not_tried(std::string_view why);

/// Both in one. `s` must outlive it.
[[nodiscard]] task<checkup> check_up(runtime& rt, const settings& s, const yardstick& by,
                                     wall_clock now, deadline until);

} // namespace holdfast::drivers::mysql
