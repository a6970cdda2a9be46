#include "database/stream.hpp"

#include "database/database_core.hpp"

namespace holdfast::detail {

namespace {

// Long enough for the rows that are on their way; giving up means a new connection.
constexpr duration longest_close = std::chrono::seconds{1};

/// The rows have ended, well or not: the connection goes back.
void give_back(stream_state& s, const error* failure) {
  s.rows.reset();
  auto& on = **s.lease;
  const bool clean = on.usable() && on.in_transaction() == drivers::transaction_status::none;
  if (!clean || (failure && !failure->connection_usable)) s.lease.discard();
  s.lease.release();
  s.turn = {};
}

task<result<void>> end_early(runtime& rt, stream_state& s) {
  auto ended = co_await s.rows->close(rt, deadline::after(rt.now(), longest_close));
  give_back(s, ended ? nullptr : &ended.error());
  co_return ended;
}

/// The background keeps what it must until the connection is back.
task<void> end_in_background(std::shared_ptr<runtime> rt, std::unique_ptr<stream_state> s) {
  (void)co_await end_early(*rt, *s);
}

} // namespace

stream_state::stream_state(std::shared_ptr<database_core> db, const statement& s,
                           const call_terms& t)
    : core{std::move(db)}, text{s.sql}, name{t.name}, trace_id{t.trace_id},
      parameters{s.parameters.begin(), s.parameters.end()}, terms{t} {
  terms.name = name;
  terms.trace_id = trace_id;
}

stream_state::~stream_state() {
  if (rows) give_back(*this, nullptr);
}

task<result<void>> stream_work::attempt(runtime& rt, drivers::sql_connection& on,
                                        const call_terms& terms) {
  state_.rows.reset();
  const statement what{state_.text, state_.parameters};
  auto opened = co_await on.open_rows(rt, what, terms.until);
  if (!opened) co_return std::move(opened.error());
  auto more = co_await (*opened)->fetch(rt, first_, terms.until);
  if (!more) co_return std::move(more.error());
  if (*more) state_.rows = std::move(*opened);
  co_return result<void>{};
}

bool stream_work::keep(sql_lease& lease, writer_queue::turn& turn) {
  if (!state_.rows) return false; // all rows have come
  state_.lease = std::move(lease);
  state_.turn = std::move(turn);
  return true;
}

/// What goes on in the background must not keep the database, which may be going away.
leased_stream::~leased_stream() {
  if (!state_->rows) return;
  const auto core = std::move(state_->core);
  if (core->driver().single_writer()) return; // embedded: ending the rows waits for nobody
  auto home = core->background_runtime();
  home->spawn(end_in_background(home, std::move(state_)));
}

task<result<bool>> leased_stream::fetch(runtime& rt, row_sink& rows) {
  stream_state& s = *state_;
  const time_point began = rt.now();
  auto more = co_await s.rows->fetch(rt, rows, deadline::after(began, s.limit));
  if (more && *more) co_return true;
  const auto generation = s.lease.generation();
  give_back(s, more ? nullptr : &more.error());
  if (more) co_return false;
  co_return s.core->stream_failed(std::move(more.error()), s.terms, generation, rt.now() - began);
}

task<result<void>> leased_stream::close(runtime& rt) {
  if (!state_->rows) co_return result<void>{};
  co_return co_await end_early(rt, *state_);
}

task<result<stream_ptr>> database_core::open_stream(runtime& rt, const statement& what,
                                                    const call_options& how,
                                                    std::source_location caller, row_sink& first) {
  if (reentrant()) co_return reentrant_call();
  if (auto bad = naming_problem(how, "stream")) co_return std::move(*bad);
  trace_id trace{};
  const call_terms terms = terms_of(rt, what, how, caller, trace);
  auto state = std::make_unique<stream_state>(shared_from_this(), what, terms);
  state->limit = how.deadline.value_or(options_.deadline);
  stream_work opening{*state, first};
  auto opened = co_await run(rt, state->terms, opening);
  if (!opened) co_return std::move(opened.error());
  stream_ptr made;
  if (state->rows) made = std::make_unique<leased_stream>(std::move(state));
  co_return made;
}

/// Of an operation that had succeeded when its first rows came.
error database_core::stream_failed(error e, const call_terms& terms, std::uint64_t generation,
                                   duration elapsed) {
  if (terms.at) terms.at->report(e, generation);
  failures_.fetch_add(1, std::memory_order_relaxed);
  return located(std::move(e), terms, elapsed);
}

} // namespace holdfast::detail
