#include "drivers/postgres/errors.hpp"

#include <algorithm>
#include <array>

namespace holdfast::drivers::postgres {
namespace {

using enum advice;
using kind = category;
using e = errc;
constexpr auto info = severity::info;
constexpr auto warning = severity::warning;
constexpr auto serious = severity::error;
constexpr auto critical = severity::critical;
constexpr bool keeps = false;
constexpr bool ends = true;
constexpr bool known = false;
constexpr bool in_doubt = true;

// Codes in order, each class behind its codes. Sources: docs = PostgreSQL's manual (13.5 and
// appendix A), npgsql, pgjdbc, odoo, spring, hikari = HikariCP, ours = seen in our own trials.
constexpr auto rows = std::to_array<error_row>({
    {"08000", e::connection_lost, kind::connection, serious, retry_statement, ends, known,
     "the connection failed", "npgsql"},
    {"08001", e::connect_refused, kind::connection, critical, back_off, ends, known,
     "the server could not be connected to", "npgsql, pgjdbc"},
    {"08003", e::connection_lost, kind::connection, serious, retry_statement, ends, known,
     "the connection does not exist", "npgsql"},
    {"08004", e::connect_refused, kind::connection, critical, back_off, ends, known,
     "the server rejected the connection", "npgsql, pgjdbc"},
    {"08006", e::connection_lost, kind::connection, serious, retry_statement, ends, known,
     "the connection failed", "npgsql"},
    {"08007", e::outcome_unknown, kind::connection, critical, give_up, ends, in_doubt,
     "the server does not know how the transaction ended", "ours: npgsql calls it transient"},
    {"08P01", e::protocol_violation, kind::protocol, critical, give_up, ends, known,
     "the server reported a protocol violation", "docs"},
    {"08", e::connection_lost, kind::connection, serious, retry_statement, ends, known,
     "the connection failed", "npgsql"},
    {"0A000", e::feature_not_supported, kind::request, serious, fix_request, keeps, known,
     "the server does not support this", "docs"},
    {"0A", e::feature_not_supported, kind::request, serious, fix_request, keeps, known,
     "the server does not support this", "docs"},
    {"0L", e::permission_denied, kind::permission, serious, fix_request, keeps, known,
     "the server refused the grant", "docs"},
    {"0P", e::permission_denied, kind::permission, serious, fix_request, keeps, known,
     "the role is not valid", "docs"},
    {"21", e::invalid_statement, kind::request, serious, fix_request, keeps, known,
     "a subquery gave more than one row", "docs"},
    {"22001", e::value_out_of_range, kind::data, serious, fix_request, keeps, known,
     "a text is too long for its column", "spring"},
    {"22003", e::value_out_of_range, kind::data, serious, fix_request, keeps, known,
     "a number is out of range", "spring"},
    {"22008", e::value_out_of_range, kind::data, serious, fix_request, keeps, known,
     "a date or time is out of range", "spring"},
    {"22", e::invalid_data, kind::data, serious, fix_request, keeps, known,
     "the server refused a value", "spring"},
    {"23001", e::foreign_key_violation, kind::constraint, info, fix_request, keeps, known,
     "the row is still referred to", "spring"},
    {"23502", e::not_null_violation, kind::constraint, info, fix_request, keeps, known,
     "a value is missing that must not be null", "spring"},
    {"23503", e::foreign_key_violation, kind::constraint, info, fix_request, keeps, known,
     "a row that is referred to does not exist, or is still referred to", "spring"},
    {"23505", e::unique_violation, kind::constraint, info, fix_request, keeps, known,
     "there is such a row already", "docs: retrying needs more care"},
    {"23514", e::check_violation, kind::constraint, info, fix_request, keeps, known,
     "a value fails a check", "spring"},
    {"23P01", e::exclusion_violation, kind::constraint, info, fix_request, keeps, known,
     "the row conflicts with another", "docs: retrying needs more care"},
    {"23", e::constraint_violation, kind::constraint, info, fix_request, keeps, known,
     "a constraint is violated", "spring"},
    {"25006", e::read_only_transaction, kind::request, serious, fix_request, keeps, known,
     "the transaction is read-only", "hikari 1556, 1802"},
    {"25P01", e::transaction_finished, kind::request, serious, fix_request, keeps, known,
     "there is no transaction", "docs"},
    {"25P02", e::transaction_failed, kind::request, serious, give_up, keeps, known,
     "an earlier error ended this transaction", "docs"},
    {"25P03", e::idle_in_transaction_timeout, kind::timeout, serious, retry_transaction, ends,
     known, "the server ended a transaction that had been idle for too long", "npgsql"},
    {"25P04", e::statement_timeout, kind::timeout, serious, retry_transaction, ends, known,
     "the server ended a transaction that took too long", "ours"},
    {"25", e::invalid_statement, kind::request, serious, fix_request, keeps, known,
     "the statement does not fit the state of the transaction", "docs"},
    {"26000", e::stale_statement, kind::request, warning, fix_request, keeps, known,
     "the server does not know this prepared statement", "docs"},
    {"26", e::stale_statement, kind::request, warning, fix_request, keeps, known,
     "the server does not know this prepared statement", "docs"},
    {"28000", e::authentication_failed, kind::auth, critical, give_up, ends, known,
     "the server does not let this user in", "docs"},
    {"28P01", e::authentication_failed, kind::auth, critical, give_up, ends, known,
     "the password is wrong, or there is no such user", "docs"},
    {"28", e::authentication_failed, kind::auth, critical, give_up, ends, known,
     "the server does not let this user in", "docs"},
    {"2B", e::invalid_statement, kind::request, serious, fix_request, keeps, known,
     "other objects depend on this one", "docs"},
    {"2D", e::invalid_statement, kind::request, serious, fix_request, keeps, known,
     "the transaction cannot be ended here", "docs"},
    {"34", e::unknown_object, kind::request, serious, fix_request, keeps, known,
     "there is no such cursor", "docs"},
    {"3B", e::invalid_statement, kind::request, serious, fix_request, keeps, known,
     "there is no such savepoint", "docs"},
    {"3D000", e::unknown_database, kind::request, critical, give_up, keeps, known,
     "there is no such database", "docs"},
    {"3F", e::unknown_object, kind::request, serious, fix_request, keeps, known,
     "there is no such schema", "docs"},
    {"40001", e::serialization_failure, kind::conflict, info, retry_transaction, keeps, known,
     "the transaction conflicts with another", "docs, npgsql, odoo"},
    {"40002", e::constraint_violation, kind::constraint, info, fix_request, keeps, known,
     "a constraint is violated", "docs"},
    {"40003", e::outcome_unknown, kind::connection, critical, give_up, ends, in_doubt,
     "the server does not know how the statement ended", "docs"},
    {"40P01", e::deadlock, kind::conflict, warning, retry_transaction, keeps, known,
     "the transaction was ended to break a deadlock", "docs, npgsql, odoo"},
    {"40", e::transaction_failed, kind::request, serious, give_up, keeps, known,
     "the server rolled the transaction back", "docs"},
    {"42501", e::permission_denied, kind::permission, serious, fix_request, keeps, known,
     "this user may not do that", "docs"},
    {"42601", e::syntax_error, kind::request, serious, fix_request, keeps, known,
     "the server cannot read the statement", "spring"},
    {"42703", e::unknown_object, kind::request, serious, fix_request, keeps, known,
     "there is no such column", "spring"},
    {"42704", e::unknown_object, kind::request, serious, fix_request, keeps, known,
     "there is no such object", "spring"},
    {"42883", e::unknown_object, kind::request, serious, fix_request, keeps, known,
     "there is no such function or operator", "spring"},
    {"42P01", e::unknown_object, kind::request, serious, fix_request, keeps, known,
     "there is no such table", "spring"},
    {"42P05", e::stale_statement, kind::request, warning, fix_request, keeps, known,
     "the server has another statement of this name", "docs"},
    {"42P18", e::parameter_type, kind::request, serious, fix_request, keeps, known,
     "the server cannot tell the type of a parameter: write a cast", "docs"},
    {"42", e::invalid_statement, kind::request, serious, fix_request, keeps, known,
     "the server refused the statement", "spring"},
    {"44", e::check_violation, kind::constraint, info, fix_request, keeps, known,
     "the row would not be visible in its view", "docs"},
    {"53100", e::disk_full, kind::resource, critical, back_off, keeps, known,
     "the server's disk is full", "ours"},
    {"53200", e::out_of_memory, kind::resource, critical, back_off, keeps, known,
     "the server is out of memory", "npgsql, spring"},
    {"53300", e::too_many_connections, kind::overload, critical, back_off, keeps, known,
     "the server has no free connection", "npgsql, spring"},
    {"53", e::server_overloaded, kind::overload, critical, back_off, keeps, known,
     "the server is short of resources", "npgsql, spring"},
    {"54", e::invalid_statement, kind::request, serious, fix_request, keeps, known,
     "the statement exceeds a limit of the server", "docs"},
    {"55000", e::invalid_statement, kind::request, serious, give_up, keeps, known,
     "the object is not in the state for this", "npgsql alone retries"},
    {"55006", e::invalid_statement, kind::request, serious, give_up, keeps, known,
     "the object is in use", "npgsql alone retries"},
    {"55P03", e::lock_not_available, kind::conflict, info, retry_transaction, keeps, known,
     "a lock could not be had", "npgsql, odoo, spring"},
    {"55", e::invalid_statement, kind::request, serious, give_up, keeps, known,
     "the object is not in the state for this", "docs"},
    {"57014", e::statement_timeout, kind::timeout, serious, give_up, keeps, known,
     "the server cancelled the statement: its time limit, or somebody's request", "docs"},
    // Of this session alone, as far as we know: where all end, the next connect is refused.
    {"57P01", e::connection_lost, kind::connection, serious, retry_statement, ends, known,
     "an administrator ended the connection, or the server is shutting down", "npgsql, hikari"},
    {"57P02", e::server_shutdown, kind::connection, critical, retry_statement, ends, known,
     "the server crashed", "npgsql, hikari"},
    {"57P03", e::server_starting, kind::connection, critical, retry_statement, ends, known,
     "the server is starting or stopping", "npgsql"},
    {"57P04", e::unknown_database, kind::request, critical, give_up, ends, known,
     "the database was dropped", "docs"},
    {"57P05", e::connection_lost, kind::connection, warning, retry_statement, ends, known,
     "the server ended an idle session", "npgsql"},
    {"57", e::server_error, kind::internal, serious, give_up, keeps, known,
     "an operator intervened", "docs"},
    {"58", e::io_failure, kind::resource, critical, back_off, ends, known,
     "the server could not read or write", "npgsql"},
    {"F0", e::io_failure, kind::resource, critical, back_off, ends, known,
     "the server's files are not in order", "npgsql"},
    {"P0", e::server_error, kind::request, serious, fix_request, keeps, known,
     "a function of the database raised an error", "docs"},
    {"XX001", e::data_corrupted, kind::corruption, critical, give_up, ends, known,
     "the server found corrupted data", "npgsql"},
    {"XX002", e::data_corrupted, kind::corruption, critical, give_up, ends, known,
     "the server found a corrupted index", "npgsql"},
    {"XX", e::server_error, kind::internal, critical, give_up, keeps, known,
     "the server met an internal error", "docs"},
});

constexpr error_row last_resort{
    "",      e::server_error, kind::internal, serious,
    give_up, keeps,           known,          "the server reported an error",
    "docs"};

} // namespace

std::span<const error_row> error_table() noexcept { return rows; }

const error_row& row_of(std::string_view sqlstate) noexcept {
  const auto find = [](std::string_view key) {
    return std::find_if(rows.begin(), rows.end(),
                        [key](const error_row& r) { return r.sqlstate == key; });
  };
  if (const auto exact = find(sqlstate); exact != rows.end()) return *exact;
  if (const auto of_class = find(sqlstate.substr(0, 2)); of_class != rows.end()) return *of_class;
  return last_resort;
}

} // namespace holdfast::drivers::postgres
