#include "database/hedged_read.hpp"

#include "database/database_core.hpp"
#include "database/statement_work.hpp"

#include <holdfast/detail/operation.hpp>
#include <holdfast/detail/race.hpp>

namespace holdfast::detail {

hedged_read::hedged_read(std::shared_ptr<database_core> keep, const statement& s,
                         const call_terms& t)
    : owner{std::move(keep)}, text{s.sql}, name{t.name}, trace_id{t.trace_id},
      parameters{s.parameters.begin(), s.parameters.end()}, what{text, parameters, s.fetch_size},
      terms{t} {
  terms.name = name;
  terms.trace_id = trace_id;
}

std::optional<error> database_core::hedge_problem(const statement& what,
                                                  const call_options& how) const {
  const bool named = !how.operation_key.empty() || how.traceable;
  if (!named && (how.idempotent || !driver_->writes(what.sql))) return std::nullopt;
  return make_error(errc::invalid_configuration,
                    "hedge: given with a write; takes what only reads, or is idempotent, without "
                    "operation_key and traceable");
}

task<result<statement_result>> database_core::execute_hedged(runtime& rt, const statement& what,
                                                             row_sink* rows,
                                                             const call_options& how,
                                                             std::source_location caller) {
  if (reentrant()) co_return reentrant_call();
  if (auto bad = hedge_problem(what, how)) co_return std::move(*bad);
  trace_id trace{};
  call_terms terms = terms_of(rt, what, how, caller, trace);
  hedged_call call{std::make_shared<hedged_read>(weak_from_this().lock(), what, terms)};
  terms.hedge = &call;
  statement_work facts{what, nullptr}; // for what it says of the statement; its attempts are ours
  auto done = co_await run(rt, terms, facts);
  if (!done) co_return in_doubt_alone(std::move(done.error()));
  if (rows)
    if (auto taken = call.answer.replay(*rows); !taken) co_return std::move(taken.error());
  co_return call.answer.done;
}

/// One of the two, on a runtime of its own. The second stands behind everybody else: it is the one
/// that nobody would miss.
task<result<row_copy>> database_core::attempt_apart(runtime& rt, std::shared_ptr<hedged_read> read,
                                                    host* at, std::uint32_t number) {
  call_terms terms = read->terms;
  terms.at = at;
  if (number > 0) terms.priority = priority::background;
  copying_sink rows;
  statement_work once{read->what, &rows};
  time_point now = rt.now();
  auto done = co_await attempt(rt, terms, once, now);
  if (!done) co_return std::move(done.error());
  row_copy copy = rows.take();
  copy.done = once.take();
  co_return copy;
}

/// Another host, if the call may be answered there and nothing speaks against it, else the same.
host& database_core::hedge_host(const call_terms& terms, time_point now) {
  host* const other = hosts_->pick(terms, now, terms.at);
  const bool well = other && other->breaker().snapshot(now).state == breaker_state::closed;
  return well && terms.replica_will_do ? *other : *terms.at;
}

/// Who waits for a connection is not helped by waiting twice.
bool database_core::may_hedge(host& at) {
  if (at.connections().snapshot().waiting > 0) return false;
  if (!budget_->try_spend(options_.hedge.budget_cost)) return false;
  hedges_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

task<result<void>> database_core::attempt_hedged(runtime& rt, const call_terms& terms,
                                                 operation& op, time_point& now) {
  hedged_call& call = *terms.hedge;
  p95_estimate& usual = usual_.of(call.shared->text);
  const time_point began = rt.now();
  const auto wait =
      hedge_after(options_.hedge, usual.value(), usual.samples(), terms.until.remaining(began));
  // It outlives this frame: only what is owned may be in it.
  const auto make = [this, read = call.shared, at = terms.at](runtime& home, std::uint32_t n) {
    return attempt_apart(home, read, n == 0 ? at : read->second, n);
  };
  const auto may = [this, &call, &terms, &rt] {
    call.shared->second = &hedge_host(terms, rt.now());
    return may_hedge(*call.shared->second);
  };
  race_report report;
  auto race = race_attempts<row_copy>(rt, terms.until, wait, make, may, report);
  auto ended = co_await std::move(race);
  now = rt.now();
  if (report.second_won) {
    hedges_won_.fetch_add(1, std::memory_order_relaxed);
    if (terms.at != call.shared->second) op.answered_elsewhere();
    terms.at = call.shared->second; // who answered is who is told of
  }
  if (!ended) {
    // An attempt that was left behind said nothing of what it did.
    if (report.left && driver_->writes(call.shared->text))
      ended.error().effect = side_effect::unknown;
    co_return std::move(ended.error());
  }
  usual.add(now - began);
  call.answer = std::move(*ended);
  co_return result<void>{};
}

} // namespace holdfast::detail
