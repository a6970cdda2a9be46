// What became of a transaction: its id is learned while it runs, and asked for afterwards.
#include "drivers/postgres/connection.hpp"

#include <chrono>

namespace holdfast::drivers::postgres {
namespace {

using namespace std::chrono_literals;

/// Between two looks at a session that is ending or at a transaction in progress.
constexpr duration look_again = 10ms;

/// The cells of the only row of an answer.
struct one_row final : row_sink {
  void columns(std::span<const column>) override {}
  result<void> row(std::span<value> given) override {
    cells.assign(given.begin(), given.end());
    return {};
  }
  [[nodiscard]] bool is_null(std::size_t i) const {
    return cells.size() <= i || cells[i].type() == value_type::null;
  }
  template <class T>
  [[nodiscard]] T at(std::size_t i, T otherwise = {}) const {
    const T* found = cells.size() > i ? std::get_if<T>(&cells[i]) : nullptr;
    return found ? *found : otherwise;
  }
  std::vector<value> cells;
};

/// Nothing of anybody's is lost with a question.
situation question(bool in_block) {
  situation s;
  s.writes = false;
  s.in_block = in_block;
  return s;
}

/// The id is younger than any that this server has given out.
bool is_from_the_future(const error& e) noexcept { return e.native_code == "22023"; }

outcome verdict_of(std::string_view fate, bool same_incarnation) noexcept {
  if (fate == "aborted") return outcome::not_committed;
  if (same_incarnation) return fate == "committed" ? outcome::committed : outcome::unknown;
  // Ids that a crash made the server forget are given out again: only "no" can be trusted.
  return fate == "future" ? outcome::not_committed : outcome::unknown;
}

} // namespace

/// Queued behind a statement of the block, up to the synchronisation point that sends both.
result<void> connection::ask_for_id() {
  PGconn* c = wire_.raw();
  const std::string name = names_statements_ ? name_prefix_ + "id" : std::string{};
  bool queued = true;
  if (name.empty())
    queued = PQsendQueryParams(c, own_id_sql, 0, nullptr, nullptr, nullptr, nullptr, 0);
  if (!name.empty() && !witness_.id_is_prepared)
    queued = PQsendPrepare(c, name.c_str(), own_id_sql, 0, nullptr);
  if (!name.empty() && queued)
    queued = PQsendQueryPrepared(c, name.c_str(), 0, nullptr, nullptr, nullptr, 0);
  if (queued && PQpipelineSync(c)) return {};
  return lost(question(true));
}

task<result<void>> connection::take_id(runtime& rt, situation now, deadline until) {
  std::vector<pg_result> results;
  const auto status = co_await wire_.take_pipeline(rt, 1, until, results);
  if (status != wire_status::ok) co_return stopped(status, now);
  if (!PQexitPipelineMode(wire_.raw())) co_return lost(now);
  for (const auto& r : results) {
    const ExecStatusType what = PQresultStatus(r.get());
    if (what == PGRES_FATAL_ERROR) co_return refused(r.get(), now);
    // Single, because libpq keeps a stream's mode for the first statement of a pipeline after it.
    if (what != PGRES_TUPLES_OK && what != PGRES_SINGLE_TUPLE) continue;
    witness_.id_is_prepared = names_statements_;
    witness_.note_id(r.get());
  }
  co_return result<void>{};
}

/// What the server says to a BEGIN that came with the block's first statement.
task<result<void>> connection::take_begun(runtime& rt, situation now, deadline until) {
  for (bool taken = false;;) {
    const auto status = co_await wire_.ready(rt, until);
    if (status != wire_status::ok) co_return stopped(status, now);
    const auto r = wire_.take();
    if (!r && taken) co_return result<void>{};
    if (!r || PQresultStatus(r.get()) != PGRES_COMMAND_OK) break;
    taken = true;
  }
  co_return lost(now); // nothing but the end of the session makes a BEGIN fail
}

/// By a round trip of its own, after what could not carry the question.
task<result<void>> connection::look_for_id(runtime& rt, situation now, deadline until) {
  if (!PQenterPipelineMode(wire_.raw())) co_return lost(now);
  if (auto sent = ask_for_id(); !sent) co_return sent;
  co_return co_await take_id(rt, now, until);
}

/// BEGIN, and before it the question which server this is: a segment of its own each, as a role
/// that may not ask must still be able to begin.
task<result<void>> connection::begin_traced(runtime& rt, std::string text, deadline until) {
  PGconn* c = wire_.raw();
  const situation now = question(false);
  if (!PQenterPipelineMode(c)) co_return lost(now);
  PQsendQueryParams(c, who_is_there_sql(), 0, nullptr, nullptr, nullptr, nullptr, 0);
  PQpipelineSync(c);
  PQsendQueryParams(c, text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
  PQpipelineSync(c);
  std::vector<pg_result> results;
  const auto status = co_await wire_.take_pipeline(rt, 2, until, results);
  if (status != wire_status::ok) co_return stopped(status, now);
  if (!PQexitPipelineMode(c)) co_return lost(now);
  for (const auto& r : results)
    if (PQresultStatus(r.get()) == PGRES_TUPLES_OK) witness_.note_server(r.get(), shares_session_);
  const PGresult* begun = results[results.size() - 2].get(); // the last is the synchronisation
  if (PQresultStatus(begun) != PGRES_COMMAND_OK) co_return refused(begun, now);
  co_return result<void>{};
}

std::string connection::transaction_token() const {
  if (witness_.xid == 0 || !witness_.knows_server()) return {};
  return to_string(transaction_name{witness_.xid, witness_.server, witness_.session});
}

/// Nothing where the server is in recovery.
task<result<std::optional<incarnation>>> connection::who_is_there(runtime& rt, deadline until) {
  one_row answer;
  const statement ask{who_is_there_sql(), {}};
  auto asked = co_await execute(rt, ask, &answer, until);
  if (!asked) co_return std::move(asked).error();
  if (answer.is_null(1)) co_return std::optional<incarnation>{};
  incarnation here;
  const auto system = answer.at<std::string>(0);
  here.system = std::strtoull(system.c_str(), nullptr, 10);
  here.timeline = static_cast<std::uint32_t>(answer.at<std::int64_t>(1));
  here.reset = answer.at<std::int64_t>(2);
  co_return std::optional{here};
}

/// False if it is still there at the deadline. A frozen client would keep its transaction open for
/// hours; one that waits for its standby has committed, and is left alone.
task<result<bool>> connection::end_backend(runtime& rt, backend session, deadline until) {
  if (session.pid == 0) co_return true;
  const value parameters[] = {value{session.pid}, value{session.start}};
  const statement end{
      "select case when wait_event is distinct from 'SyncRep' then pg_terminate_backend(pid) end "
      "from pg_stat_activity where pid = $1::bigint "
      "and (extract(epoch from backend_start) * 1000000)::bigint = $2::bigint",
      parameters};
  while (!until.expired(rt.now())) {
    one_row found;
    auto asked = co_await execute(rt, end, &found, until);
    if (!asked) co_return std::move(asked).error();
    if (found.cells.empty()) co_return true;
    const auto next = std::min(rt.now() + look_again, until.at());
    if (co_await rt.sleep_until(next) == wait_status::cancelled)
      co_return refusal(errc::cancelled, "cancelled while the outcome was being learned");
  }
  co_return false;
}

/// As pg_xact_status says, or "future", or empty where the server has forgotten.
task<result<std::string>> connection::fate_of(runtime& rt, std::uint64_t xid, deadline until) {
  one_row answer;
  const value parameters[] = {value{std::to_string(xid)}};
  const statement ask{"select pg_xact_status($1::text::xid8)", parameters};
  auto asked = co_await execute(rt, ask, &answer, until);
  if (!asked && is_from_the_future(asked.error())) co_return std::string{"future"};
  if (!asked) co_return std::move(asked).error();
  co_return answer.at<std::string>(0);
}

task<result<outcome>> connection::settle(runtime& rt, std::string_view token, deadline until) {
  const auto name = parse_transaction_name(token);
  if (!name)
    co_return refusal(errc::invalid_configuration, "outcome token: not one of PostgreSQL's");
  const auto here = co_await who_is_there(rt, until);
  if (!here) co_return here.error();
  if (!*here) {
    auto standby = make_error(errc::read_only_server, "a standby cannot tell what became of it");
    standby.connection_usable = false;
    co_return standby;
  }
  const bool same = **here == name->server;
  if (same) {
    const auto ended = co_await end_backend(rt, name->session, until);
    // Without the right to end it, it may still end by itself.
    if (!ended && !ended.error().connection_usable) co_return ended.error();
  }
  std::string fate = "in progress";
  while (fate == "in progress" && !until.expired(rt.now())) {
    auto told = co_await fate_of(rt, name->xid, until);
    if (!told) co_return std::move(told).error();
    fate = std::move(*told);
    if (fate != "in progress" || !same) break;
    const auto next = std::min(rt.now() + look_again, until.at());
    if (co_await rt.sleep_until(next) == wait_status::cancelled)
      co_return refusal(errc::cancelled, "cancelled while the outcome was being learned");
  }
  const outcome verdict = verdict_of(fate, same);
  if (verdict != outcome::committed) co_return verdict;
  const auto replicated = co_await confirm_replicated(rt, until);
  if (!replicated) co_return replicated.error();
  co_return *replicated ? outcome::committed : outcome::unknown;
}

/// Committed here may still be lost at a promotion, where standbys are waited for: then one more
/// commit that they acknowledge proves that they have all before it.
task<result<bool>> connection::confirm_replicated(runtime& rt, deadline until) {
  one_row answer;
  const statement ask{"select current_setting('synchronous_standby_names') <> '' and "
                      "current_setting('synchronous_commit') not in ('off', 'local')",
                      {}};
  auto asked = co_await execute(rt, ask, &answer, until);
  if (!asked) co_return std::move(asked).error();
  if (!answer.at<bool>(0)) co_return true;
  (void)wire_.take_commit_warning();
  // It writes a record of the log and nothing else.
  const statement mark{"select pg_logical_emit_message(true, 'holdfast', '')", {}};
  auto marked = co_await execute(rt, mark, nullptr, until);
  if (!marked) co_return std::move(marked).error();
  co_return !wire_.take_commit_warning();
}

} // namespace holdfast::drivers::postgres
