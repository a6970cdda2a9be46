#include <holdfast/error.hpp>
#include <holdfast/outcome.hpp>

#include <array>
#include <cstddef>

namespace holdfast {
namespace {

struct row {
  errc code;
  std::string_view name;
  category kind;
  severity level;
  advice next;
};

using enum errc;
constexpr auto info = severity::info;
constexpr auto warning = severity::warning;
constexpr auto serious = severity::error;
constexpr auto critical = severity::critical;
using enum advice;
using kind = category;

// What a code means when no driver table says otherwise. In the order of the enumeration.
constexpr auto rows = std::to_array<row>({
    {host_unreachable, "host_unreachable", kind::connection, critical, retry_statement},
    {connect_refused, "connect_refused", kind::connection, critical, retry_statement},
    {connect_timeout, "connect_timeout", kind::connection, critical, retry_statement},
    {name_not_resolved, "name_not_resolved", kind::connection, critical, retry_statement},
    {connection_lost, "connection_lost", kind::connection, serious, retry_statement},
    {server_shutdown, "server_shutdown", kind::connection, critical, retry_statement},
    {server_starting, "server_starting", kind::connection, critical, retry_statement},
    {too_many_connections, "too_many_connections", kind::overload, critical, back_off},
    {tls_failed, "tls_failed", kind::connection, critical, give_up},
    {certificate_expired, "certificate_expired", kind::connection, critical, give_up},
    {certificate_untrusted, "certificate_untrusted", kind::connection, critical, give_up},
    {certificate_mismatch, "certificate_mismatch", kind::connection, critical, give_up},
    {deadline_exceeded, "deadline_exceeded", kind::timeout, serious, give_up},
    {statement_timeout, "statement_timeout", kind::timeout, serious, give_up},
    {idle_in_transaction_timeout, "idle_in_transaction_timeout", kind::timeout, serious,
     retry_transaction},
    {pool_timeout, "pool_timeout", kind::pool, serious, back_off},
    {pool_closed, "pool_closed", kind::pool, serious, give_up},
    {pool_cleared, "pool_cleared", kind::pool, serious, retry_statement},
    {pool_overloaded, "pool_overloaded", kind::pool, serious, back_off},
    {forked, "forked", kind::pool, critical, give_up},
    {circuit_open, "circuit_open", kind::overload, warning, back_off},
    {admission_refused, "admission_refused", kind::overload, warning, back_off},
    {server_overloaded, "server_overloaded", kind::overload, critical, back_off},
    {serialization_failure, "serialization_failure", kind::conflict, info, retry_transaction},
    {deadlock, "deadlock", kind::conflict, warning, retry_transaction},
    {lock_not_available, "lock_not_available", kind::conflict, info, retry_transaction},
    {database_busy, "database_busy", kind::conflict, info, retry_statement},
    {stale_snapshot, "stale_snapshot", kind::conflict, info, retry_transaction},
    {read_only_server, "read_only_server", kind::failover, critical, re_resolve},
    {no_suitable_host, "no_suitable_host", kind::failover, critical, re_resolve},
    {authentication_failed, "authentication_failed", kind::auth, critical, give_up},
    {permission_denied, "permission_denied", kind::permission, serious, fix_request},
    {unique_violation, "unique_violation", kind::constraint, info, fix_request},
    {foreign_key_violation, "foreign_key_violation", kind::constraint, info, fix_request},
    {not_null_violation, "not_null_violation", kind::constraint, info, fix_request},
    {check_violation, "check_violation", kind::constraint, info, fix_request},
    {exclusion_violation, "exclusion_violation", kind::constraint, info, fix_request},
    {constraint_violation, "constraint_violation", kind::constraint, info, fix_request},
    {syntax_error, "syntax_error", kind::request, serious, fix_request},
    {unknown_object, "unknown_object", kind::request, serious, fix_request},
    {unknown_database, "unknown_database", kind::request, critical, give_up},
    {invalid_statement, "invalid_statement", kind::request, serious, fix_request},
    {stale_statement, "stale_statement", kind::request, warning, retry_statement},
    {parameter_count, "parameter_count", kind::request, serious, fix_request},
    {parameter_type, "parameter_type", kind::request, serious, fix_request},
    {column_count, "column_count", kind::request, serious, fix_request},
    {column_type, "column_type", kind::request, serious, fix_request},
    {unexpected_null, "unexpected_null", kind::request, serious, fix_request},
    {row_count, "row_count", kind::request, serious, fix_request},
    {feature_not_supported, "feature_not_supported", kind::request, serious, fix_request},
    {transaction_failed, "transaction_failed", kind::request, serious, give_up},
    {transaction_finished, "transaction_finished", kind::request, serious, fix_request},
    {transaction_in_use, "transaction_in_use", kind::request, serious, fix_request},
    {read_only_transaction, "read_only_transaction", kind::request, serious, fix_request},
    {reentrant_call, "reentrant_call", kind::request, serious, fix_request},
    {operation_key_reused, "operation_key_reused", kind::request, serious, fix_request},
    {operation_table_missing, "operation_table_missing", kind::configuration, critical, give_up},
    {implicit_commit, "implicit_commit", kind::request, serious, fix_request},
    {invalid_data, "invalid_data", kind::data, serious, fix_request},
    {value_out_of_range, "value_out_of_range", kind::data, serious, fix_request},
    {disk_full, "disk_full", kind::resource, critical, back_off},
    {out_of_memory, "out_of_memory", kind::resource, critical, back_off},
    {io_failure, "io_failure", kind::resource, critical, back_off},
    {data_corrupted, "data_corrupted", kind::corruption, critical, give_up},
    {not_a_database, "not_a_database", kind::corruption, critical, give_up},
    {cancelled, "cancelled", kind::cancelled, info, give_up},
    {protocol_violation, "protocol_violation", kind::protocol, critical, retry_statement},
    {invalid_configuration, "invalid_configuration", kind::configuration, serious, give_up},
    {outcome_unknown, "outcome_unknown", kind::connection, critical, give_up},
    {server_error, "server_error", kind::internal, serious, give_up},
    {user_exception, "user_exception", kind::internal, serious, give_up},
    {internal_error, "internal_error", kind::internal, critical, give_up},
});

constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (static_cast<std::size_t>(rows[i].code) != i) return false;
  return rows.size() == static_cast<std::size_t>(internal_error) + 1;
}
static_assert(in_order(), "one row a code, in the order of errc");

constexpr const row& row_of(errc code) noexcept { return rows[static_cast<std::size_t>(code)]; }

template <std::size_t N, class E>
constexpr std::string_view name_in(const std::array<std::string_view, N>& names, E e) noexcept {
  return names[static_cast<std::size_t>(e)];
}

constexpr std::array<std::string_view, 17> category_names{
    "connection", "timeout",    "pool",       "overload",      "conflict", "failover",
    "auth",       "permission", "constraint", "request",       "data",     "resource",
    "corruption", "cancelled",  "protocol",   "configuration", "internal"};
constexpr std::array<std::string_view, 4> severity_names{"info", "warning", "error", "critical"};
constexpr std::array<std::string_view, 7> advice_names{
    "retry_statement", "retry_transaction", "retry_elsewhere", "back_off",
    "re_resolve",      "fix_request",       "give_up"};
constexpr std::array<std::string_view, 3> effect_names{"none", "applied", "unknown"};
constexpr std::array<std::string_view, 4> phase_names{"not_sent", "sent", "answered",
                                                      "commit_in_flight"};

} // namespace

std::string_view to_string(errc e) noexcept { return row_of(e).name; }

std::string_view to_string(outcome o) noexcept {
  switch (o) {
  case outcome::committed: return "committed";
  case outcome::not_committed: return "not_committed";
  case outcome::unknown: break;
  }
  return "unknown";
}
std::string_view to_string(category e) noexcept { return name_in(category_names, e); }
std::string_view to_string(severity e) noexcept { return name_in(severity_names, e); }
std::string_view to_string(advice e) noexcept { return name_in(advice_names, e); }
std::string_view to_string(side_effect e) noexcept { return name_in(effect_names, e); }
std::string_view to_string(phase e) noexcept { return name_in(phase_names, e); }

error make_error(errc code, std::string message) {
  const row& r = row_of(code);
  error e;
  e.code = code;
  e.kind = r.kind;
  e.level = r.level;
  e.next = r.next;
  e.message = std::move(message);
  return e;
}

std::string to_string(const error& e) {
  std::string line{to_string(e.code)};
  if (!e.message.empty()) line += ": " + e.message;
  if (!e.native_code.empty()) line += " [" + e.native_code + "]";
  return line;
}

} // namespace holdfast
