// Rows by and by: the library hands out each row as it comes, and the socket holds the server back.
#include "drivers/mysql/cursor.hpp"

namespace holdfast::drivers::mysql {

connection::cursor::cursor(connection& on, prepared_statement& s, const statement& what,
                           situation now)
    : on_{on}, s_{s}, batch_{what.fetch_size ? what.fetch_size : 1}, now_{now} {
  got_.patient = now.in_block; // giving the connection up would undo the whole block
  ended_ = mysql_field_count(on.wire_.raw()) == 0; // no rows come of an INSERT
}

connection::cursor::~cursor() {
  if (!ended_) on_.broken_ = true;
}

/// As `take_in`, but no further than a batch.
int connection::cursor::take_batch(int ready) {
  MYSQL_STMT* const statement = s_.handle.get();
  int fetched = 0;
  int waits = ready ? mysql_stmt_fetch_cont(&fetched, statement, ready)
                    : mysql_stmt_fetch_start(&fetched, statement);
  while (waits == 0) {
    if (!on_.accept(s_, got_, fetched)) return 0;
    ++given_;
    if ((!got_.failure && given_ == batch_) || given_ % rows_between_looks == 0) return 0;
    on_.wire_.before_call();
    waits = mysql_stmt_fetch_start(&fetched, statement);
  }
  return waits;
}

task<result<bool>> connection::cursor::fetch(runtime& rt, row_sink& rows, deadline until) {
  if (ended_) co_return false;
  got_.rows = &rows;
  if (!std::exchange(announced_, true)) rows.columns(s_.rows.columns());
  given_ = 0;
  const auto go_on = [this](int ready) { return take_batch(ready); };
  auto status = got_.failure ? wire_status::ok : due(rt, until);
  while (status == wire_status::ok) {
    on_.wire_.before_call();
    if (const int waits = take_batch(0); waits != 0)
      status = co_await on_.wire_.finish(rt, waits, go_on, until);
    if (status != wire_status::ok || got_.ended != 0 || got_.unfinished) break;
    if (!got_.failure && given_ == batch_) break;
    status = due(rt, until);
  }
  if (status == wire_status::ok && got_.ended == 0 && !got_.unfinished) co_return true;
  ended_ = true;
  if (status != wire_status::ok) {
    error e = on_.stopped(status, now_);
    if (!got_.failure) co_return e;
    got_.unfinished = true; // what was known before counts for more
    co_return on_.failed_after(got_, now_);
  }
  co_return co_await finish(rt, until);
}

/// The rows are through, or were left.
task<result<bool>> connection::cursor::finish(runtime& rt, deadline until) {
  ended_ = true;
  if (!got_.unfinished && got_.ended != MYSQL_NO_DATA) {
    auto looking = on_.look_after(rt, on_.refused(s_.handle.get(), now_), {}, now_, until);
    auto known = co_await std::move(looking);
    co_return known;
  }
  if (!got_.unfinished) {
    auto skipped = co_await on_.skip_results(rt, s_, now_, until);
    if (!skipped) {
      auto looking = on_.look_after(rt, std::move(skipped).error(), {}, now_, until);
      auto known = co_await std::move(looking);
      co_return known;
    }
  }
  if (got_.failure) co_return on_.failed_after(got_, now_);
  co_return false;
}

task<result<void>> connection::cursor::close(runtime& rt, deadline until) {
  if (ended_) co_return result<void>{};
  got_.failure = make_error(errc::cancelled, "the rows were wanted no more");
  struct nobody final : row_sink {
    void columns(std::span<const column>) override {}
    result<void> row(std::span<value>) override { return {}; }
  } none;
  announced_ = true;
  auto left = co_await fetch(rt, none, until);
  ended_ = true;
  if (left || left.error().connection_usable) co_return result<void>{};
  co_return std::move(left).error();
}

task<result<cursor_ptr>> connection::open_rows(runtime& rt, statement what, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  prepared_statement* s = cache_.find(what.sql);
  const bool cached = s != nullptr;
  if (!s) {
    auto made = co_await prepare(rt, what.sql, until);
    if (!made) co_return std::move(made).error();
    s = *made;
  }
  situation now = situation_for(s->facts);
  now.used_cached = cached;
  if (auto ready = start(*s, what, now); !ready) co_return std::move(ready).error();
  auto opened = co_await execute_started(rt, *s, now, until);
  if (!opened) co_return std::move(opened).error();
  auto made = std::make_unique<cursor>(*this, *s, what, now);
  co_return cursor_ptr{std::move(made)};
}

/// The statement runs, and its rows are about to come.
task<result<void>> connection::execute_started(runtime& rt, prepared_statement& s, situation now,
                                               deadline until) {
  MYSQL_STMT* const statement = s.handle.get();
  const std::string sql = s.sql; // a failure may drop the statement
  int failed_to = 0;
  wire_.before_call();
  const int waits = mysql_stmt_execute_start(&failed_to, statement);
  const auto go_on = [&failed_to, statement](int ready) {
    return mysql_stmt_execute_cont(&failed_to, statement, ready);
  };
  const auto status = co_await wire_.finish(rt, waits, go_on, until);
  if (status != wire_status::ok) co_return stopped(status, now);
  if (failed_to != 0) {
    auto looking = look_after(rt, refused(statement, now), sql, now, until);
    auto known = co_await std::move(looking);
    co_return known;
  }
  if (mysql_field_count(wire_.raw()) > 0 && !s.rows.bind(statement)) co_return unbound(s, now);
  co_return result<void>{};
}

} // namespace holdfast::drivers::mysql
