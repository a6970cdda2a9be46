// How the results of a statement come in, and rows reach their sink.
#include "drivers/postgres/connection.hpp"

#include <charconv>
#include <string_view>

namespace holdfast::drivers::postgres {
namespace {

/// Rows that are read and thrown away after the sink has had enough, before the connection is given
/// up instead.
constexpr std::uint64_t most_drained_rows = 10'000;

/// "UPDATE 3" -> 3. What a SELECT found is not what it affected.
std::uint64_t affected_by(PGresult* r, std::string_view tag) noexcept {
  if (tag.starts_with("SELECT") || tag.starts_with("FETCH") || tag.starts_with("MOVE")) return 0;
  const std::string_view text = PQcmdTuples(r);
  std::uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

} // namespace

/// What is there, and where the socket itself may wait what comes: until the end of the command, or
/// until a wait of the runtime's is due.
[[gnu::hot]] wire::need connection::take_in(runtime& rt, const receiving& to, reception& got,
                                            const situation& now, deadline until) {
  while (true) {
    const auto next = wire_.advance(rt, until);
    if (next != wire::need::nothing) return next;
    const auto r = wire_.take();
    if (!r || !accept(r.get(), to, got, now)) return next;
  }
}

task<result<void>> connection::receive(runtime& rt, receiving to, reception& got, situation now,
                                       deadline until) {
  auto status = wire_status::ok;
  auto next = take_in(rt, to, got, now, until);
  while (wire::is_wait(next)) {
    wire_.never_block(); // while much is sent, what can be read must not be waited for
    const auto waited = co_await rt.wait(wire_.descriptor(), wire::events_for(next), until);
    status = wire_.consume(waited);
    next = status == wire_status::ok ? take_in(rt, to, got, now, until) : wire::need::nothing;
  }
  co_return conclude(next == wire::need::lost ? wire_status::lost : status, got, now);
}

/// After the last result, or what came instead of it.
[[gnu::hot]] result<void> connection::conclude(wire_status status, reception& got,
                                               const situation& now) {
  if (status != wire_status::ok) {
    error e = stopped(status, now);
    if (!got.failure) return e;
    got.unfinished = true; // what was known before counts for more
  }
  wire_.drop_notifications();
  if (got.failure) return failed_after(got, now);
  return {};
}

/// The first failure, with what the end of the statement says about it.
error connection::failed_after(reception& got, const situation& now) {
  error e = std::move(*got.failure);
  if (PQstatus(wire_.raw()) == CONNECTION_BAD) broken_ = true;
  if (got.unfinished && !std::exchange(broken_, true)) cancels_.cancel(wire_.raw());
  if (broken_) {
    e.connection_usable = false;
    e.transaction_usable = false;
  }
  if (!got.from_sink) return with_the_latest(std::move(e), now);
  // The server did its work, or was stopped in it; the rows were wanted no more.
  e.when = got.unfinished ? phase::sent : phase::answered;
  if (now.writes && !now.in_block)
    e.effect = got.unfinished ? side_effect::unknown : side_effect::applied;
  return e;
}

/// False if the rest must not be waited for.
[[gnu::hot]] bool connection::accept(const PGresult* r, const receiving& to, reception& got,
                                     const situation& now) {
  const auto status = PQresultStatus(r);
  switch (status) {
  case PGRES_SINGLE_TUPLE:
  case PGRES_TUPLES_OK: accept_rows(r, to, got); break;
  case PGRES_COMMAND_OK:
  case PGRES_EMPTY_QUERY: break;
  case PGRES_COPY_IN:
  case PGRES_COPY_OUT:
  case PGRES_COPY_BOTH:
    got.failure = make_error(errc::feature_not_supported, "COPY from or to the client");
    got.unfinished = true;
    return false;
  default:
    if (!got.failure) got.failure = refused(r, now);
    return true;
  }
  const bool only_read = !now.writes && status == PGRES_TUPLES_OK;
  if (status != PGRES_SINGLE_TUPLE && !only_read) {
    auto* mutable_result = const_cast<PGresult*>(r); // libpq's readers of the tag are not const
    const std::string_view tag = PQcmdStatus(mutable_result);
    said_commit_ = tag == "COMMIT";
    got.done.rows_affected = affected_by(mutable_result, tag);
  }
  got.unfinished = got.drained > most_drained_rows && !got.patient;
  return !got.unfinished;
}

[[gnu::hot]] void connection::accept_rows(const PGresult* r, const receiving& to, reception& got) {
  const int n = PQntuples(r);
  if (got.failure) got.drained += static_cast<std::uint64_t>(n);
  if (got.failure || !to.rows || !to.shape) return;
  if (!to.surely && !got.announced && !to.shape->matches(r)) got.own_shape = row_shape::of(r);
  const row_shape& shape = got.own_shape ? *got.own_shape : *to.shape;
  if (!std::exchange(got.announced, true)) to.rows->columns(shape.columns);
  for (int i = 0; i < n && !got.failure; ++i) {
    auto decoded = decode_row(r, i, shape, cells_);
    if (decoded) decoded = to.rows->row(cells_);
    if (decoded) continue;
    got.failure = std::move(decoded).error();
    got.from_sink = true;
  }
}

} // namespace holdfast::drivers::postgres
