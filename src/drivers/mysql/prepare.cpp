// The first use of a statement: parsed and described by the server in one round trip.
#include "drivers/mysql/connection.hpp"

namespace holdfast::drivers::mysql {
namespace {

error too_long(std::size_t bytes, std::uint64_t limit) {
  return refusal(errc::invalid_statement,
                 "the statement's text has " + std::to_string(bytes) +
                     " bytes, and the server takes requests of at most max_allowed_packet = " +
                     std::to_string(limit) + " bytes");
}

} // namespace

/// What the server runs as a text only: BEGIN, LOCK TABLES, USE on MySQL. No rows come of those.
task<result<void>> connection::as_text(runtime& rt, statement what, statement_result& done,
                                       deadline until) {
  const sql_facts facts = classify(what.sql);
  const situation now = situation_for(facts);
  dirty_ = dirty_ || facts.dirties;
  auto ran = co_await simple(rt, what.sql, now, until);
  if (ran) {
    const auto rows = mysql_affected_rows(wire_.raw());
    done.rows_affected = rows == MYSQL_COUNT_ERROR ? 0 : rows;
    co_return ran;
  }
  auto looking = look_after(rt, std::move(ran).error(), {}, now, until);
  auto known = co_await std::move(looking);
  co_return known;
}

/// Statements that the cache has dropped. Nothing is answered to that.
task<result<void>> connection::close_doomed(runtime& rt, deadline until) {
  for (auto& doomed : cache_.take_doomed()) {
    MYSQL_STMT* const statement = doomed.release(); // the call frees it
    my_bool ignored = 0;
    wire_.before_call();
    const int waits = mysql_stmt_close_start(&ignored, statement);
    if (waits == 0) continue;
    const auto go_on = [&ignored, statement](int ready) {
      return mysql_stmt_close_cont(&ignored, statement, ready);
    };
    const auto status = co_await wire_.finish(rt, waits, go_on, until);
    if (status != wire_status::ok) co_return stopped(status, harmless());
  }
  co_return result<void>{};
}

task<result<prepared_statement*>> connection::prepare(runtime& rt, std::string_view sql,
                                                      deadline until) {
  if (sql.size() + 1024 > facts_.max_packet) co_return too_long(sql.size(), facts_.max_packet);
  auto closed = co_await close_doomed(rt, until);
  if (!closed) co_return std::move(closed).error();
  prepared_statement s;
  s.sql = sql;
  s.facts = classify(sql);
  s.handle.reset(mysql_stmt_init(wire_.raw()));
  if (!s.handle) co_return refusal(errc::out_of_memory, "no memory for a statement");
  situation now = situation_for(s.facts);
  now.writes = false; // nothing runs yet
  now.ends_block = false;
  now.runs_others = false;
  now.when = phase::not_sent;
  MYSQL_STMT* const statement = s.handle.get();
  int failed_to = 0;
  wire_.before_question(rt, until);
  const int waits = mysql_stmt_prepare_start(&failed_to, statement, sql.data(), sql.size());
  const auto go_on = [&failed_to, statement](int ready) {
    return mysql_stmt_prepare_cont(&failed_to, statement, ready);
  };
  const auto status = co_await wire_.finish(rt, waits, go_on, until);
  if (status != wire_status::ok) {
    auto e = stopped(status, now);
    close(); // the statement goes after its connection
    co_return e;
  }
  if (failed_to != 0) {
    if (!is_clients_own(mysql_stmt_errno(statement))) now.when = phase::sent;
    auto looking = look_after(rt, refused(statement, now), sql, now, until);
    auto known = co_await std::move(looking);
    co_return known;
  }
  co_return &cache_.insert(std::move(s));
}

} // namespace holdfast::drivers::mysql
