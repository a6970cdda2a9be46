// The verbs that end or begin something: transactions, savepoints, scripts, the session itself.
#include "drivers/mysql/connection.hpp"
#include "drivers/mysql/sql_text.hpp"

namespace holdfast::drivers::mysql {
namespace {

/// In one request: the first sets the level of the next transaction, which is the second's.
std::string begin_text(const begin_options& how) {
  std::string text;
  switch (how.isolation) {
  case isolation::engine_default: break;
  case isolation::read_committed: text = "set transaction isolation level read committed; "; break;
  case isolation::repeatable_read:
    text = "set transaction isolation level repeatable read; ";
    break;
  case isolation::serializable: text = "set transaction isolation level serializable; "; break;
  }
  return text + (how.read_only ? "start transaction read only" : "start transaction");
}

/// `name` in backticks.
std::string quoted_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + '`';
}

} // namespace

/// A text without parameters, whose results nobody wants.
task<result<void>> connection::simple(runtime& rt, std::string_view sql, situation now,
                                      deadline until, progress* got) {
  MYSQL* const c = wire_.raw();
  int failed_to = 0;
  wire_.before_question(rt, until);
  const int sending = mysql_real_query_start(&failed_to, c, sql.data(), sql.size());
  const auto query = [&failed_to, c](int ready) {
    return mysql_real_query_cont(&failed_to, c, ready);
  };
  const auto next = [&failed_to, c](int ready) {
    return mysql_next_result_cont(&failed_to, c, ready);
  };
  auto status = wire_status::ok;
  if (sending != 0) status = co_await wire_.finish(rt, sending, query, until);
  while (true) {
    if (status != wire_status::ok) co_return stopped(status, now);
    if (failed_to > 0) co_return refused(now);
    if (MYSQL_RES* const rows = mysql_use_result(c)) {
      const auto drop = [rows](int ready) { return mysql_free_result_cont(rows, ready); };
      wire_.before_call();
      const int dropping = mysql_free_result_start(rows);
      status = co_await wire_.finish(rt, dropping, drop, until);
      if (status != wire_status::ok) co_return stopped(status, now);
    }
    if (mysql_errno(c) != 0) co_return refused(now);
    if (got) ++got->ended;
    if (got && !block_open()) got->closed = true; // an error that follows says nothing of it
    if (!mysql_more_results(c)) co_return result<void>{};
    wire_.before_call();
    const int waits = mysql_next_result_start(&failed_to, c);
    status = co_await wire_.finish(rt, waits, next, until);
  }
}

task<result<void>> connection::script(runtime& rt, std::string_view sql, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  if (sql.size() + 1024 > facts_.max_packet)
    co_return refusal(errc::invalid_statement,
                      "the script is longer than the server takes: max_allowed_packet = " +
                          std::to_string(facts_.max_packet) + " bytes");
  situation now = situation_for(sql_facts{});
  now.runs_others = false; // told from how far it got
  now.ends_block = now.in_block && may_have_committed(sql, sql_facts::whole_text, true);
  if (!now.in_block && wire_.gone()) {
    now.when = phase::not_sent;
    co_return lost(now);
  }
  dirty_ = true;
  progress got;
  auto ran = co_await simple(rt, sql, now, until, &got);
  if (ran) co_return ran;
  error e = std::move(ran).error();
  if (e.when == phase::answered) {
    now.ends_block = may_have_committed(sql, got.ended, now.in_block) || got.closed;
    if (now.ends_block) mark_partly_done(e);
    // Each statement commits by itself here, but for a block that the script opened.
    if (got.closed && !now.in_block) e.effect = side_effect::applied;
  }
  auto looking = look_after(rt, std::move(e), {}, now, until);
  auto known = co_await std::move(looking);
  co_return known;
}

task<result<void>> connection::begin(runtime& rt, begin_options how, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  if (block_open())
    co_return refusal(errc::transaction_in_use, "this connection has a transaction already");
  const auto text = begin_text(how);
  auto begun = co_await simple(rt, text, harmless(), until);
  if (begun) read_only_block_ = how.read_only;
  co_return begun;
}

task<result<void>> connection::commit(runtime& rt, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  situation now;
  now.committing = true;
  now.in_block = true;
  now.wrote_nothing = read_only_block_;
  if (!block_open()) {
    // The server would answer COMMIT with success, and that would be no proof of anything.
    error e = refusal(errc::transaction_finished, "the transaction had ended before COMMIT");
    e.effect = side_effect::unknown;
    co_return e;
  }
  if (wire_.gone()) {
    now.when = phase::not_sent;
    co_return lost(now);
  }
  // Whatever completion_type says: no next transaction, no end of the session.
  auto ended = co_await simple(rt, "commit and no chain no release", now, until);
  if (ended) read_only_block_ = false;
  co_return ended;
}

task<result<void>> connection::rollback(runtime& rt, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  if (!block_open()) co_return result<void>{};
  auto ended = co_await simple(rt, "rollback and no chain no release", harmless(), until);
  read_only_block_ = false;
  co_return ended;
}

task<result<void>> connection::in_block(runtime& rt, std::string sql, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  co_return co_await simple(rt, sql, harmless(), until);
}

task<result<void>> connection::savepoint(runtime& rt, std::uint32_t depth, deadline until) {
  auto text = "savepoint holdfast_" + std::to_string(depth);
  co_return co_await in_block(rt, std::move(text), until);
}

task<result<void>> connection::release_savepoint(runtime& rt, std::uint32_t depth, deadline until) {
  auto text = "release savepoint holdfast_" + std::to_string(depth);
  co_return co_await in_block(rt, std::move(text), until);
}

task<result<void>> connection::rollback_to_savepoint(runtime& rt, std::uint32_t depth,
                                                     deadline until) {
  auto text = "rollback to savepoint holdfast_" + std::to_string(depth);
  co_return co_await in_block(rt, std::move(text), until);
}

task<result<void>> connection::ping(runtime& rt, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  MYSQL* const c = wire_.raw();
  int failed_to = 0;
  wire_.before_question(rt, until);
  const int waits = mysql_ping_start(&failed_to, c);
  const auto go_on = [&failed_to, c](int ready) { return mysql_ping_cont(&failed_to, c, ready); };
  const auto status = co_await wire_.finish(rt, waits, go_on, until);
  if (status != wire_status::ok) co_return stopped(status, harmless());
  if (failed_to != 0) co_return refused(harmless());
  co_return result<void>{};
}

task<result<void>> connection::reset(runtime& rt, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  auto clean = co_await forget_session(rt, until);
  if (clean) {
    dirty_ = false;
    read_only_block_ = false;
    co_return clean;
  }
  broken_ = true; // not clean, so not to be lent again
  clean.error().connection_usable = false;
  co_return clean;
}

/// Rolls back, drops what the session made, and begins it anew.
task<result<void>> connection::forget_session(runtime& rt, deadline until) {
  MYSQL* const c = wire_.raw();
  int failed_to = 0;
  wire_.before_question(rt, until);
  const int waits = mysql_reset_connection_start(&failed_to, c);
  const auto go_on = [&failed_to, c](int ready) {
    return mysql_reset_connection_cont(&failed_to, c, ready);
  };
  const auto status = co_await wire_.finish(rt, waits, go_on, until);
  if (status != wire_status::ok) co_return stopped(status, harmless());
  if (failed_to != 0) co_return refused(harmless());
  cache_.forget_all(); // the server has
  std::string text{session_sql()};
  // The reset leaves the session in the database that was chosen last.
  if (!settings_.database.empty()) text += "; use " + quoted_name(settings_.database);
  // And MariaDB's in the role that was set last.
  if (mariadb_connection(c) != 0)
    text += "; set role " + (facts_.role.empty() ? std::string{"none"} : quoted_name(facts_.role));
  auto begun = co_await simple(rt, text, harmless(), until);
  if (!begun || !settings_.database.empty()) co_return begun;
  co_return co_await check_database(rt, until);
}

/// Who entered without a database cannot leave one again.
task<result<void>> connection::check_database(runtime& rt, deadline until) {
  struct single_cell final : row_sink {
    void columns(std::span<const column>) override {}
    result<void> row(std::span<value> cells) override {
      chosen = cells.front().type() != value_type::null;
      return {};
    }
    bool chosen = false;
  } answer;
  const statement ask{"select database()", {}};
  auto asked = co_await execute(rt, ask, &answer, until);
  if (!asked) co_return std::move(asked).error();
  if (answer.chosen)
    co_return refusal(errc::invalid_statement, "the session stays in a database that was chosen");
  co_return result<void>{};
}

} // namespace holdfast::drivers::mysql
