#pragma once

#include <holdfast/time.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace holdfast {

struct pool_snapshot;

/// What went wrong. Closed: every failure that leaves the library is one of these, whatever the
/// engine. `to_string` gives a stable name (`pool_timeout`), used in logs, metrics and JSON.
enum class errc : std::uint8_t {
  // connection
  host_unreachable,
  connect_refused,
  connect_timeout,
  name_not_resolved,
  connection_lost,
  server_shutdown,
  server_starting,
  too_many_connections,
  tls_failed,
  certificate_expired,
  certificate_untrusted,
  certificate_mismatch,
  // timeout
  deadline_exceeded,
  statement_timeout,
  idle_in_transaction_timeout,
  // pool
  pool_timeout,
  pool_closed,
  pool_cleared,
  pool_overloaded,
  forked,
  // overload
  circuit_open,
  admission_refused,
  server_overloaded,
  // conflict
  serialization_failure,
  deadlock,
  lock_not_available,
  database_busy,
  stale_snapshot,
  // failover
  read_only_server,
  no_suitable_host,
  // auth
  authentication_failed,
  // permission
  permission_denied,
  // constraint
  unique_violation,
  foreign_key_violation,
  not_null_violation,
  check_violation,
  exclusion_violation,
  constraint_violation,
  // request
  syntax_error,
  unknown_object,
  unknown_database,
  invalid_statement,
  stale_statement,
  parameter_count,
  parameter_type,
  column_count,
  column_type,
  unexpected_null,
  row_count,
  feature_not_supported,
  transaction_failed,
  transaction_finished,
  transaction_in_use,
  read_only_transaction,
  reentrant_call,
  operation_key_reused,
  operation_table_missing,
  implicit_commit,
  // data
  invalid_data,
  value_out_of_range,
  // resource
  disk_full,
  out_of_memory,
  io_failure,
  // corruption
  data_corrupted,
  not_a_database,
  // cancelled
  cancelled,
  // protocol
  protocol_violation,
  // configuration
  invalid_configuration,
  // the fate of a sent write could not be learned in time
  outcome_unknown,
  // internal
  server_error,
  user_exception,
  internal_error,
};

enum class category : std::uint8_t {
  connection,
  timeout,
  pool,
  overload,
  conflict,
  failover,
  auth,
  permission,
  constraint,
  request,
  data,
  resource,
  corruption,
  cancelled,
  protocol,
  configuration,
  internal,
};

enum class severity : std::uint8_t { info, warning, error, critical };

/// What to do next; the retry layer acts on this and never on message text.
enum class advice : std::uint8_t {
  retry_statement,
  retry_transaction,
  retry_elsewhere,
  back_off,
  re_resolve,
  fix_request,
  give_up,
};

/// The truth about the write.
enum class side_effect : std::uint8_t { none, applied, unknown };

/// How far the statement got.
enum class phase : std::uint8_t { not_sent, sent, answered, commit_in_flight };

[[nodiscard]] std::string_view to_string(errc) noexcept;
[[nodiscard]] std::string_view to_string(category) noexcept;
[[nodiscard]] std::string_view to_string(severity) noexcept;
[[nodiscard]] std::string_view to_string(advice) noexcept;
[[nodiscard]] std::string_view to_string(side_effect) noexcept;
[[nodiscard]] std::string_view to_string(phase) noexcept;

/// Where an error arose.
struct context {
  std::string database;      ///< the database's name in configuration, or its URL without secrets
  std::string host;          ///< "host:port", a socket or file path
  std::string operation;     ///< the caller's name for the operation, may be empty
  std::uint32_t attempt = 0; ///< 1 for the first; 0 where no attempt was made
  duration elapsed{};        ///< since the operation began
  std::string trace_id;      ///< 32 hex digits, or empty
  std::source_location caller{};
};

/// One failure, complete: what, what to do, and what became of the write. A plain value; copies
/// share nothing mutable.
struct error {
  errc code = errc::internal_error;
  category kind = category::internal;
  severity level = severity::error;
  advice next = advice::give_up;
  side_effect effect = side_effect::none;
  phase when = phase::not_sent;
  bool connection_usable = true;  ///< false: the connection must be closed, never reused
  bool transaction_usable = true; ///< false: the enclosing transaction is dead
  std::string message;            ///< ours: safe to log and to show
  std::string native_code;        ///< SQLSTATE, errno or extended result code
  std::string native_message;     ///< the server's words; may hold user data: redacted in logs
  std::string constraint;         ///< the violated constraint's name, where the engine tells
  context where;
  std::string outcome_token; ///< for `database::outcome_of` when `effect` is unknown
  std::shared_ptr<const pool_snapshot> pool; ///< set when a pool refused
  /// Trying again sooner than this is pointless: the server's or an open breaker's own word.
  std::optional<duration> retry_after = std::nullopt;
};

/// An error with the kind, severity and advice that `code` has by default.
[[nodiscard]] error make_error(errc code, std::string message);

/// The plain sentence for an end user: what happened to their action, whether trying again may help
/// and after how long. Never holds a native message, an address or SQL.
[[nodiscard]] std::string user_message(const error&);

/// One line for people and logs: `pool_timeout: no connection within 5000 ms (…) [08006]`. Without
/// the native message.
[[nodiscard]] std::string to_string(const error&);

} // namespace holdfast
