#include "drivers/mysql/errors.hpp"

#include <algorithm>
#include <array>

namespace holdfast::drivers::mysql {
namespace {

constexpr unsigned lock_wait_timeout = 1205;

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

bool leaves_doubt(const error_row& row, const situation& s) noexcept {
  return row.leaves == doubt::always || (row.leaves == doubt::at_commit && s.committing);
}

/// A lock that was not waited for is held by a transaction at work: to ask again at once is
/// pointless, and its own locks are better given up meanwhile. So where a timeout rolls back.
bool takes_block(const error_row& row, const situation& s) noexcept {
  if (row.takes != loss::statement) return true;
  return row.number == lock_wait_timeout && (s.timeout_ends_block || s.waits_not);
}

void refine_stale(error& e, const situation& s) {
  if (!s.used_cached) return;
  e.code = errc::stale_statement;
  e.level = severity::warning;
  e.next = advice::retry_statement;
  e.message = "a prepared statement no longer fits the database's schema";
}

void mark_lost(error& e, const situation& s) noexcept {
  e.effect = lost_effect(s);
  e.when = lost_phase(s);
  e.connection_usable = false;
  e.transaction_usable = false;
}

} // namespace

bool means_stale_statement(unsigned number) noexcept { return number == 1615 || number == 1243; }

bool may_mean_read_only(unsigned number) noexcept {
  return number == 1290 || number == 1792 || number == 1836;
}

bool names_read_only(const error& e) noexcept {
  return e.native_code == "1290" && e.native_message.find("--read-only") != std::string::npos;
}

bool means_lost(unsigned number) noexcept {
  constexpr auto lost = std::to_array<unsigned>({2006, 2013, 2055});
  return std::ranges::find(lost, number) != lost.end();
}

error answered_error(const server_reply& reply, const situation& s) {
  const error_row& row = row_of(reply.number, s.server, reply.sqlstate);
  const bool ended = row.takes == loss::connection;
  error e = from_row(row);
  if (takes_block(row, s) && e.next == advice::retry_statement && !ended)
    e.next = advice::retry_transaction;
  e.native_code = std::to_string(reply.number);
  e.connection_usable = !ended;
  e.transaction_usable = !ended && !(s.in_block && takes_block(row, s));
  if (means_stale_statement(reply.number)) refine_stale(e, s);
  if (may_mean_read_only(reply.number) && s.server_is_read_only && !s.opened_read_only)
    e = read_only_server_error(std::move(e));
  e.native_message = reply.message;
  e.constraint = constraint_in(reply.number, reply.message);
  const bool doubtful = leaves_doubt(row, s);
  e.effect = doubtful ? lost_effect(s) : side_effect::none;
  e.when = doubtful ? lost_phase(s) : phase::answered;
  if (s.runs_others && !s.in_block) mark_partly_done(e);
  if (!e.constraint.empty()) e.message += " (constraint \"" + e.constraint + "\")";
  return e;
}

void mark_partly_done(error& e) noexcept {
  e.effect = side_effect::unknown;
  if (e.next != advice::fix_request) e.next = advice::give_up;
}

error ended_block_error(error answered, const situation& s) {
  const bool undone_perhaps = s.runs_others && !answered.transaction_usable;
  if (!undone_perhaps) {
    const auto known = make_error(errc::implicit_commit, {});
    answered.code = known.code;
    answered.kind = known.kind;
    answered.level = known.level;
    answered.next = known.next;
    answered.message = "the statement ended its transaction, so what came before it may be in "
                       "force, and then failed: " +
                       answered.message;
  }
  mark_partly_done(answered);
  answered.transaction_usable = false;
  return answered;
}

error read_only_server_error(error answered) {
  const auto known = make_error(errc::read_only_server, {});
  answered.code = known.code;
  answered.kind = known.kind;
  answered.level = known.level;
  answered.next = known.next;
  answered.message = "the server is read-only, as replicas are: it takes no writes";
  answered.connection_usable = false;
  answered.transaction_usable = false;
  return answered;
}

error lost_error(unsigned last_words, std::string native, const situation& s) {
  const bool silent = last_words == 0 || means_lost(last_words);
  error e = silent
                ? make_error(errc::connection_lost, s.when == phase::not_sent
                                                        ? "the connection was gone already"
                                                        : "the connection ended without an answer")
                : from_row(row_of(last_words, s.server));
  if (last_words != 0) e.native_code = std::to_string(last_words);
  e.native_message = std::move(native);
  // The block is gone with it: to repeat the statement means to repeat the whole.
  if (s.in_block && e.next == advice::retry_statement) e.next = advice::retry_transaction;
  mark_lost(e, s);
  return e;
}

error unanswered_error(wait_status status, const situation& s) {
  error e = wait_error(status, s.committing ? "waiting for COMMIT" : "waiting for the server");
  mark_lost(e, s);
  return e;
}

std::string constraint_in(unsigned number, std::string_view message) {
  struct place {
    unsigned number;
    std::string_view before;
    char end;
  };
  // Of several the last: what stands before it may quote a user's value.
  constexpr auto places = std::to_array<place>({{1062, " for key '", '\''},
                                                {1586, " for key '", '\''},
                                                {1451, "CONSTRAINT `", '`'},
                                                {1452, "CONSTRAINT `", '`'},
                                                {3819, "Check constraint '", '\''},
                                                {4025, "CONSTRAINT `", '`'}});
  for (const auto& p : places) {
    if (p.number != number) continue;
    const auto at = message.rfind(p.before);
    if (at == std::string_view::npos) return {};
    const auto rest = message.substr(at + p.before.size());
    const auto end = rest.find(p.end);
    return std::string{end == std::string_view::npos ? std::string_view{} : rest.substr(0, end)};
  }
  return {};
}

error refusal(errc code, std::string message) {
  error e = make_error(code, std::move(message));
  e.when = phase::not_sent;
  return e;
}

} // namespace holdfast::drivers::mysql
