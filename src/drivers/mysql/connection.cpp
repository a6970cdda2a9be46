#include "drivers/mysql/connection.hpp"

#include <errmsg.h>

namespace holdfast::drivers::mysql {
namespace {

/// "This command is not supported in the prepared statement protocol yet".
constexpr std::string_view unpreparable = "1295";

} // namespace

connection::connection(logged_in in, const settings& s, canceller& cancels)
    : wire_{std::move(in.link)}, settings_{s}, cancels_{cancels},
      cache_{s.engine.statement_cache_size}, peer_{peer_of(s)}, address_{std::move(in.address)},
      facts_{in.facts} {}

[[gnu::hot]] std::optional<error> connection::refuse(runtime& rt, deadline until) {
  if (broken_ || wire_.raw() == nullptr) {
    situation before;
    before.when = phase::not_sent;
    return lost_error(wire_.last_words(), {}, before);
  }
  if (rt.cancelled()) return refusal(errc::cancelled, "cancelled before anything was sent");
  if (until.remaining(rt.coarse_now()) <= duration::zero())
    return refusal(errc::deadline_exceeded, "the deadline passed before anything was sent");
  return std::nullopt;
}

[[gnu::hot]] bool connection::block_open() const noexcept {
  return (wire_.raw()->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

bool connection::is_mariadb() const noexcept { return mariadb_connection(wire_.raw()) != 0; }

[[gnu::hot]] situation connection::situation_for(const sql_facts& facts) const noexcept {
  situation s;
  s.writes = facts.writes;
  s.in_block = block_open();
  s.ends_block = facts.may_commit;
  s.runs_others = facts.runs_others;
  s.waits_not = facts.waits_not;
  s.timeout_ends_block = facts_.timeout_ends_block;
  s.opened_read_only = read_only_block_;
  return s;
}

/// Nothing of anybody's is lost when one of these stays unanswered.
situation connection::harmless() const noexcept {
  situation s;
  s.writes = false;
  s.in_block = block_open();
  return s;
}

error connection::lost(const situation& s) {
  broken_ = true;
  return lost_error(wire_.last_words(), mysql_error(wire_.raw()), s);
}

error connection::stopped(wire_status status, const situation& s) {
  broken_ = true;
  // Who cancels a COMMIT knows less than who waits for it.
  if (!s.committing && !s.ends_block) cancels_.cancel(wire_.raw(), settings_, address_, facts_);
  return unanswered_error(
      status == wire_status::cancelled ? wait_status::cancelled : wait_status::timed_out, s);
}

namespace {

/// The statement ran, and its result has columns that the statement was not prepared with.
error other_columns(const situation& s) {
  error e = make_error(errc::stale_statement,
                       "a prepared statement no longer fits the database's schema");
  e.native_code = std::to_string(CR_NEW_STMT_METADATA);
  e.when = phase::answered;
  e.next = s.writes ? advice::give_up : advice::retry_statement;
  if (s.writes && !s.in_block) e.effect = side_effect::applied;
  return e;
}

} // namespace

error connection::failed(const server_reply& reply, const situation& s) {
  if (reply.number == CR_NEW_STMT_METADATA) return other_columns(s);
  // None: the library swallows the error of a procedure's later result.
  if (reply.number == 0 || is_clients_own(reply.number)) {
    // No answer, or one that cannot be read: what follows it cannot be told either.
    broken_ = true;
    return lost_error(reply.number, reply.message, s);
  }
  situation known = s;
  known.server = is_mariadb() ? flavour::mariadb : flavour::mysql;
  error e = answered_error(reply, known);
  // Also at COMMIT, where it undoes the block.
  if (names_read_only(e) && !s.opened_read_only) e = read_only_server_error(std::move(e));
  if (broken_) e.connection_usable = false;
  if (!e.connection_usable) broken_ = true;
  return e;
}

error connection::refused(const situation& s) {
  MYSQL* const c = wire_.raw();
  return failed({mysql_errno(c), mysql_sqlstate(c), mysql_error(c)}, s);
}

error connection::refused(MYSQL_STMT* statement, const situation& s) {
  if (mysql_stmt_errno(statement) == 0) return refused(s);
  return failed(
      {mysql_stmt_errno(statement), mysql_stmt_sqlstate(statement), mysql_stmt_error(statement)},
      s);
}

/// What an error packet does not tell: whether it took the transaction along, and whether a server
/// that refused a write takes any. Both by a question, which a failed statement does not forbid.
task<error> connection::look_after(runtime& rt, error failure, std::string_view sql, situation now,
                                   deadline until) {
  if (broken_) co_return failure;
  if (failure.code == errc::stale_statement) {
    cache_.doom(sql);
    auto closed = co_await close_doomed(rt, until); // with what may be left of its result
    if (!closed) co_return std::move(closed).error();
  }
  if (now.in_block) {
    // Any answer that is not an error carries the state of the transaction.
    auto seen = co_await simple(rt, "do 0", harmless(), until);
    if (!seen) {
      failure.connection_usable = false;
      failure.transaction_usable = false;
      if (now.ends_block) mark_partly_done(failure);
      co_return failure;
    }
    if (!block_open() && now.ends_block) failure = ended_block_error(std::move(failure), now);
    if (!block_open()) failure.transaction_usable = false;
    if (!failure.transaction_usable && failure.next == advice::retry_statement)
      failure.next = advice::retry_transaction;
  }
  const auto number = static_cast<unsigned>(std::atoi(failure.native_code.c_str()));
  if (!may_mean_read_only(number) || now.opened_read_only) co_return failure;
  auto read_only = co_await server_is_read_only(rt, until);
  // The pool may have been cleared meanwhile, because another session was told the same.
  if (!read_only && !read_only.error().connection_usable) co_return std::move(read_only).error();
  if (!read_only || !*read_only) co_return failure;
  broken_ = true;
  co_return read_only_server_error(std::move(failure));
}

[[gnu::hot]] task<result<void>> connection::perform(runtime& rt, statement what, row_sink* rows,
                                                    statement_result& done, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  prepared_statement* s = cache_.find(what.sql);
  for (bool cached = s != nullptr;; cached = false, s = nullptr) {
    if (!s) {
      auto made = co_await prepare(rt, what.sql, until);
      const bool text_only = !made && made.error().native_code == unpreparable && !rows &&
                             what.parameters.empty() && !broken_;
      if (text_only) co_return co_await as_text(rt, what, done, until);
      if (!made) co_return std::move(made).error();
      s = *made;
    }
    situation now = situation_for(s->facts);
    now.used_cached = cached;
    if (auto ready = start(*s, what, now); !ready) co_return std::move(ready).error();
    MYSQL_STMT* const statement = s->handle.get();
    int refusal_of_it = 0;
    auto status = wire_status::ok;
    wire_.before_question(rt, until);
    if (const int waits = mysql_stmt_execute_start(&refusal_of_it, statement); waits != 0) {
      const auto go_on = [&refusal_of_it, statement](int ready) {
        return mysql_stmt_execute_cont(&refusal_of_it, statement, ready);
      };
      status = co_await wire_.finish(rt, waits, go_on, until);
    }
    result<void> ended;
    if (status != wire_status::ok) {
      ended = stopped(status, now);
    } else if (refusal_of_it != 0) {
      ended = refused(statement, now);
    } else if (mysql_field_count(wire_.raw()) > 0) {
      reception got{rows};
      got.patient = now.in_block; // giving the connection up would undo the whole block
      auto received = co_await receive(rt, *s, got, now, until);
      ended = std::move(received);
    } else {
      done.rows_affected = mysql_stmt_affected_rows(statement);
    }
    if (ended) co_return ended;
    auto again = co_await mend(rt, std::move(ended).error(), what.sql, now, until);
    if (!again) co_return std::move(again).error();
  }
}

/// After a failure: nothing if the statement is to be prepared anew, else what the caller is told.
task<result<void>> connection::mend(runtime& rt, error failure, std::string_view sql, situation now,
                                    deadline until) {
  const bool again = failure.code == errc::stale_statement && now.used_cached &&
                     failure.next == advice::retry_statement;
  auto looking = look_after(rt, std::move(failure), sql, now, until);
  auto known = co_await std::move(looking);
  if (again && !broken_ && known.transaction_usable) co_return result<void>{};
  co_return known;
}

[[gnu::hot]] result<void> connection::start(prepared_statement& s, const statement& what,
                                            situation& now) {
  auto fits = s.parameters.bind(s.handle.get(), what.parameters, facts_.max_packet);
  if (!fits) return fits;
  // The one moment at which a dead connection proves that a write was never sent.
  if (now.writes && !now.in_block && wire_.gone()) {
    now.when = phase::not_sent;
    return lost(now);
  }
  dirty_ = dirty_ || s.facts.dirties;
  return {};
}

[[gnu::hot]] bool connection::dirty() const noexcept {
  return dirty_ || (wire_.raw() && block_open());
}

[[gnu::hot]] transaction_status connection::in_transaction() const noexcept {
  if (!wire_.raw()) return transaction_status::unknown;
  return block_open() ? transaction_status::open : transaction_status::none;
}

void connection::close() noexcept {
  wire_.close(std::exchange(broken_, true));
  cache_.forget_all(); // without their connection they say nothing to the server
}

} // namespace holdfast::drivers::mysql
