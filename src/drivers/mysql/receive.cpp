// How the rows of a statement come in and reach their sink. The library hands out each as it comes,
// and the socket holds the server back.
#include "drivers/mysql/connection.hpp"

namespace holdfast::drivers::mysql {
namespace {

/// Rows that are read and thrown away after the sink has had enough, before the connection is given
/// up instead.
constexpr std::uint64_t most_drained_rows = 10'000;

} // namespace

/// Rows that are always there make no wait at which the deadline would be seen.
wire_status connection::due(runtime& rt, deadline until) noexcept {
  if (rt.cancelled()) return wire_status::cancelled;
  const bool left = until.remaining(rt.coarse_now()) > duration::zero();
  return left ? wire_status::ok : wire_status::timed_out;
}

/// What is there: until the end of the rows, or for some rows, or until a wait is due. Returns what
/// for.
[[gnu::hot]] int connection::take_in(prepared_statement& s, reception& got, int ready) {
  MYSQL_STMT* const statement = s.handle.get();
  int fetched = 0;
  got.in_a_row = 0;
  int waits = ready ? mysql_stmt_fetch_cont(&fetched, statement, ready)
                    : mysql_stmt_fetch_start(&fetched, statement);
  while (waits == 0 && accept(s, got, fetched)) {
    if (++got.in_a_row == rows_between_looks) return 0;
    wire_.before_call();
    waits = mysql_stmt_fetch_start(&fetched, statement);
  }
  return waits;
}

/// False if nothing more is to be fetched.
[[gnu::hot]] bool connection::accept(prepared_statement& s, reception& got, int fetched) {
  if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED) {
    got.ended = fetched;
    return false;
  }
  if (got.failure) {
    got.unfinished = ++got.drained > most_drained_rows && !got.patient;
    return !got.unfinished;
  }
  if (!got.rows || wire_.is_cut()) return true;
  auto decoded = s.rows.decode(s.handle.get(), cells_);
  if (decoded) decoded = got.rows->row(cells_);
  if (!decoded) got.failure = std::move(decoded).error();
  return true;
}

/// Rows that cannot be fetched are in the way of everything that could follow.
error connection::unbound(const prepared_statement& s, const situation& now) {
  if (s.rows.strange().empty()) return refused(s.handle.get(), now);
  const error fate = lost(now);
  error e = make_error(errc::feature_not_supported, s.rows.strange());
  e.effect = fate.effect;
  e.when = fate.when;
  e.connection_usable = false;
  e.transaction_usable = false;
  return e;
}

[[gnu::hot]] task<result<void>> connection::receive(runtime& rt, prepared_statement& s,
                                                    reception& got, situation now, deadline until) {
  if (!s.rows.bind(s.handle.get())) co_return unbound(s, now);
  if (got.rows) got.rows->columns(s.rows.columns());
  const auto go_on = [this, &s, &got](int ready) { return take_in(s, got, ready); };
  auto status = wire_status::ok;
  while (status == wire_status::ok) {
    wire_.before_call();
    if (const int waits = take_in(s, got, 0); waits != 0)
      status = co_await wire_.finish(rt, waits, go_on, until);
    if (status != wire_status::ok || got.ended != 0 || got.unfinished) break;
    status = due(rt, until);
  }
  if (status != wire_status::ok) {
    error e = stopped(status, now);
    if (!got.failure) co_return e;
    got.unfinished = true; // what was known before counts for more
  } else if (!got.unfinished && got.ended != MYSQL_NO_DATA) {
    co_return refused(s.handle.get(), now);
  }
  if (!got.unfinished && mysql_stmt_more_results(s.handle.get())) {
    auto skipped = co_await skip_results(rt, s, now, until);
    if (!skipped) co_return skipped;
  }
  if (got.failure) co_return failed_after(got, now);
  co_return result<void>{};
}

/// The results of a procedure behind its first.
task<result<void>> connection::skip_results(runtime& rt, prepared_statement& s, situation now,
                                            deadline until) {
  MYSQL_STMT* const statement = s.handle.get();
  while (mysql_stmt_more_results(statement)) {
    int more = 0;
    wire_.before_call();
    const int waits = mysql_stmt_next_result_start(&more, statement);
    const auto go_on = [&more, statement](int ready) {
      return mysql_stmt_next_result_cont(&more, statement, ready);
    };
    const auto status = co_await wire_.finish(rt, waits, go_on, until);
    if (status != wire_status::ok) co_return stopped(status, now);
    if (more > 0) co_return refused(statement, now);
    if (more < 0) break;
  }
  co_return result<void>{};
}

/// The sink's failure, with what the end of the statement says about it.
error connection::failed_after(reception& got, const situation& now) {
  error e = std::move(*got.failure);
  if (got.unfinished && !std::exchange(broken_, true))
    cancels_.cancel(wire_.raw(), settings_, address_, facts_);
  if (broken_) {
    e.connection_usable = false;
    e.transaction_usable = false;
  }
  // The server did its work, or was stopped in it; the rows were wanted no more.
  e.when = got.unfinished ? phase::sent : phase::answered;
  if (now.writes && !now.in_block)
    e.effect = got.unfinished ? side_effect::unknown : side_effect::applied;
  return e;
}

} // namespace holdfast::drivers::mysql
