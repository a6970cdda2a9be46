// The verbs that end or begin something: transactions, savepoints, scripts, the session itself.
#include "drivers/postgres/connection.hpp"

#include <array>

namespace holdfast::drivers::postgres {
namespace {

std::string begin_text(const begin_options& how) {
  std::string text = "begin";
  switch (how.isolation) {
  case isolation::engine_default: break;
  case isolation::read_committed: text += " isolation level read committed"; break;
  case isolation::repeatable_read: text += " isolation level repeatable read"; break;
  case isolation::serializable: text += " isolation level serializable"; break;
  }
  if (how.read_only) text += " read only";
  if (how.deferrable) text += " deferrable";
  return text;
}

result<void> without_value(result<statement_result>&& r) {
  if (!r) return std::move(r).error();
  return {};
}

error not_committed() {
  error e = make_error(errc::transaction_failed,
                       "the server rolled the transaction back: an earlier error had ended it");
  e.when = phase::answered;
  e.transaction_usable = false;
  return e;
}

error not_replicated() {
  error e = make_error(errc::outcome_unknown,
                       "the server committed, but says that a synchronous standby may lack it");
  e.effect = side_effect::unknown;
  e.when = phase::commit_in_flight;
  e.transaction_usable = false;
  return e;
}

/// Nothing of ours is lost when one of these stays unanswered.
situation harmless(bool in_block) {
  situation s;
  s.writes = false;
  s.in_block = in_block;
  return s;
}

} // namespace

task<result<statement_result>> connection::simple(runtime& rt, const char* sql, situation now,
                                                  deadline until) {
  if (!PQsendQuery(wire_.raw(), sql)) {
    now.when = phase::not_sent;
    co_return lost(now);
  }
  reception got;
  auto ended = co_await receive(rt, receiving{}, got, now, until);
  if (!ended) co_return std::move(ended).error();
  co_return got.done;
}

task<result<void>> connection::script(runtime& rt, std::string_view sql, deadline until) {
  if (auto no = refuse_before_first(rt, until)) co_return std::move(*no);
  if (sql.find('\0') != std::string_view::npos)
    co_return refusal(errc::invalid_statement, "the script's text holds a NUL character");
  auto facts = classify(sql);
  facts.writes = true; // what stands behind the first statement is not looked at
  facts.controls_transaction = true;
  situation now = situation_for(facts);
  if (!now.in_block && wire_.gone()) {
    now.when = phase::not_sent;
    co_return lost(now);
  }
  dirty_ = true;
  const std::string text{sql};
  if (witness_.follows) witness_.unsure = witness_.wrote = true;
  auto outcome = co_await simple(rt, text.c_str(), now, until);
  if (facts.drops_statements) forget_statements();
  co_return without_value(std::move(outcome));
}

task<result<void>> connection::begin(runtime& rt, begin_options how, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  if (block_open())
    co_return refusal(errc::transaction_in_use, "this connection has a transaction already");
  auto text = begin_text(how);
  const bool asks = how.traceable && !witness_.knows_server();
  result<void> begun;
  if (how.with_next && !asks)
    unsent_begin_ = std::move(text);
  else if (asks)
    begun = co_await begin_traced(rt, std::move(text), until);
  else
    begun = without_value(co_await simple(rt, text.c_str(), harmless(false), until));
  if (begun) read_only_block_ = how.read_only;
  began_on_read_only_server_ = says_read_only();
  witness_.block_begins(how.traceable);
  co_return begun;
}

task<result<void>> connection::commit(runtime& rt, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  situation now;
  now.committing = true;
  now.in_block = true;
  if (!std::exchange(unsent_begin_, {}).empty()) co_return result<void>{}; // nothing ran
  if (!block_open()) {
    // The server would answer COMMIT with COMMIT, and that would be no proof of anything.
    error e = refusal(errc::transaction_finished, "the transaction had ended before COMMIT");
    e.effect = side_effect::unknown;
    co_return e;
  }
  if (wire_.gone()) {
    now.when = phase::not_sent;
    co_return lost(now);
  }
  if (witness_.must_look()) {
    auto seen = co_await look_for_id(rt, harmless(true), until);
    if (!seen) co_return std::move(seen).error();
  }
  now.wrote_nothing = witness_.wrote_nothing();
  (void)wire_.take_commit_warning();
  said_commit_ = false;
  auto outcome = co_await simple(rt, "commit", now, until);
  read_only_block_ = false;
  if (!outcome) co_return std::move(outcome).error();
  if (!said_commit_) co_return not_committed();
  if (!wire_.take_commit_warning()) co_return result<void>{};
  const auto replicated = co_await confirm_replicated(rt, until);
  if (replicated && *replicated) co_return result<void>{};
  error e = not_replicated();
  e.connection_usable = !broken_;
  co_return e;
}

task<result<void>> connection::rollback(runtime& rt, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  unsent_begin_.clear();
  if (!block_open()) co_return result<void>{};
  auto outcome = co_await simple(rt, "rollback", harmless(true), until);
  read_only_block_ = false;
  co_return without_value(std::move(outcome));
}

task<result<void>> connection::in_block(runtime& rt, std::string sql, deadline until) {
  if (auto no = refuse_before_first(rt, until)) co_return std::move(*no);
  auto outcome = co_await simple(rt, sql.c_str(), harmless(block_open()), until);
  co_return without_value(std::move(outcome));
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
  // An empty query: a full round trip through the server's main loop, and nothing else.
  auto outcome = co_await simple(rt, "", harmless(block_open()), until);
  co_return without_value(std::move(outcome));
}

task<result<void>> connection::reset(runtime& rt, deadline until) {
  if (auto no = refuse(rt, until)) co_return std::move(*no);
  auto rolled_back = co_await rollback(rt, until);
  if (!rolled_back) co_return rolled_back;
  if (!shares_session_) {
    auto cleaned = co_await run_hygiene(rt, until);
    if (!cleaned) co_return cleaned;
  }
  dirty_ = false;
  co_return result<void>{};
}

/// Not DISCARD ALL, which would drop the prepared statements; and in a segment of its own, so that
/// its result is known before the next borrower's first statement leaves.
task<result<void>> connection::run_hygiene(runtime& rt, deadline until) {
  constexpr auto steps =
      std::to_array<const char*>({"close all", "set session authorization default", "reset all",
                                  "unlisten *", "select pg_advisory_unlock_all()", "discard temp"});
  const situation now = harmless(false);
  if (!PQenterPipelineMode(wire_.raw())) co_return lost(now);
  for (const char* step : steps)
    PQsendQueryParams(wire_.raw(), step, 0, nullptr, nullptr, nullptr, nullptr, 0);
  PQpipelineSync(wire_.raw());
  std::vector<pg_result> results;
  const auto status = co_await wire_.take_pipeline(rt, 1, until, results);
  if (status != wire_status::ok) co_return stopped(status, now);
  if (!PQexitPipelineMode(wire_.raw())) co_return lost(now);
  for (const auto& r : results) {
    if (PQresultStatus(r.get()) != PGRES_FATAL_ERROR) continue;
    error e = refused(r.get(), now);
    e.connection_usable = false; // not clean, so not to be lent again
    broken_ = true;
    co_return e;
  }
  wire_.drop_notifications();
  co_return result<void>{};
}

} // namespace holdfast::drivers::postgres
