#include "drivers/postgres/errors.hpp"

namespace holdfast::drivers::postgres {
namespace {

bool is_fatal(std::string_view severity) noexcept {
  return severity == "FATAL" || severity == "PANIC";
}

error from_row(const error_row& row) {
  error e = make_error(row.code, std::string{row.says});
  e.kind = row.kind;
  e.level = row.level;
  e.next = row.next;
  return e;
}

/// What became of a request whose answer never came.
side_effect lost_effect(const situation& s) noexcept {
  if (s.when == phase::not_sent) return side_effect::none;
  if (s.committing) return s.wrote_nothing ? side_effect::none : side_effect::unknown;
  // A block that loses its connection before COMMIT is rolled back, for certain.
  if (s.in_block && !s.ends_block) return side_effect::none;
  return s.writes ? side_effect::unknown : side_effect::none;
}

phase lost_phase(const situation& s) noexcept {
  return s.committing && s.when != phase::not_sent ? phase::commit_in_flight : s.when;
}

side_effect answered_effect(bool doubtful, const situation& s) noexcept {
  if (!doubtful) return side_effect::none; // an ERROR undoes its statement
  return lost_effect(s);
}

/// In a block any error takes the block with it, so that repeating the statement means the whole.
advice within(advice next, const situation& s) noexcept {
  return s.in_block && next == advice::retry_statement ? advice::retry_transaction : next;
}

void explain(error& e, const server_reply& reply) {
  if (!reply.constraint.empty()) e.message += " (constraint \"" + reply.constraint + "\")";
  if (!reply.position.empty()) e.message += " (at character " + reply.position + ")";
}

void refine_stale(error& e, const situation& s) {
  if (!s.used_cached) return;
  e.code = errc::stale_statement;
  e.level = severity::warning;
  e.next = advice::retry_statement;
  e.message = "a prepared statement no longer fits the database's schema";
}

} // namespace

server_reply read_reply(const PGresult* r) {
  const auto field = [r](int code) {
    const char* text = PQresultErrorField(r, code);
    return std::string{text ? text : ""};
  };
  server_reply reply{field(PG_DIAG_SQLSTATE), field(PG_DIAG_SEVERITY_NONLOCALIZED),
                     field(PG_DIAG_MESSAGE_PRIMARY), field(PG_DIAG_CONSTRAINT_NAME),
                     field(PG_DIAG_STATEMENT_POSITION)};
  if (const auto detail = field(PG_DIAG_MESSAGE_DETAIL); !detail.empty())
    reply.message += " (" + detail + ")";
  return reply;
}

bool means_stale_statement(std::string_view sqlstate) noexcept {
  return sqlstate == "0A000" || sqlstate == "26000" || sqlstate == "42P05";
}

error answered_error(const server_reply& reply, const situation& s) {
  const error_row& row = row_of(reply.sqlstate);
  const bool fatal = is_fatal(reply.severity);
  error e = from_row(row);
  e.native_code = reply.sqlstate;
  e.connection_usable = !fatal && !row.ends_connection;
  if (reply.sqlstate == "25006" && s.server_is_standby && !s.opened_read_only)
    e = read_only_server_error(std::move(e));
  if (means_stale_statement(reply.sqlstate)) refine_stale(e, s);
  e.native_message = reply.message;
  e.constraint = reply.constraint;
  e.next = within(e.next, s);
  e.effect = answered_effect(fatal || row.outcome_unknown, s);
  e.when = fatal ? lost_phase(s) : phase::answered;
  e.transaction_usable = !s.in_block && e.connection_usable;
  explain(e, reply);
  return e;
}

error read_only_server_error(error answered) {
  const auto known = make_error(errc::read_only_server, {});
  answered.code = known.code;
  answered.kind = known.kind;
  answered.level = known.level;
  answered.next = known.next;
  answered.message = "the server is a standby or read-only: it takes no writes";
  answered.connection_usable = false;
  answered.transaction_usable = false;
  return answered;
}

error lost_error(std::string_view last_words, std::string native, const situation& s) {
  error e = last_words.empty()
                ? make_error(errc::connection_lost, s.when == phase::not_sent
                                                        ? "the connection was gone already"
                                                        : "the connection ended without an answer")
                : from_row(row_of(last_words));
  e.native_code = std::string{last_words};
  e.native_message = std::move(native);
  e.next = within(e.next, s);
  e.effect = lost_effect(s);
  e.when = lost_phase(s);
  e.connection_usable = false;
  e.transaction_usable = false;
  return e;
}

error unanswered_error(wait_status status, const situation& s) {
  error e = wait_error(status, s.committing ? "waiting for COMMIT" : "waiting for the server");
  e.effect = lost_effect(s);
  e.when = lost_phase(s);
  e.connection_usable = false;
  e.transaction_usable = false;
  return e;
}

error refusal(errc code, std::string message) {
  error e = make_error(code, std::move(message));
  e.when = phase::not_sent;
  return e;
}

} // namespace holdfast::drivers::postgres
