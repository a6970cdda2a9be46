#include "database/database_core.hpp"

#include "database/address_watch.hpp"
#include "database/health_watch.hpp"
#include "database/operation_key.hpp"
#include "database/operation_prune.hpp"
#include "database/statement_work.hpp"
#include "database/transaction_work.hpp"
#include "telemetry/trace_half.hpp"
#include "telemetry/user_hook.hpp"

#include <holdfast/detail/operation.hpp>

#include <chrono>

namespace holdfast::detail {

namespace {

constexpr duration for_the_connects_own_error = std::chrono::milliseconds{250};

std::int64_t wall_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// What the caller of a write is told when its fate could not be learned in time.
error in_doubt(error cause, std::string token) {
  error e = std::move(cause);
  const std::string why{to_string(e.code)};
  e.code = errc::outcome_unknown;
  e.level = severity::critical;
  e.next = advice::give_up;
  e.message = "the reply to COMMIT was lost (" + why + ": " + e.message + "); " +
              (token.empty() ? "what became of it cannot be learned: look at the data"
                             : "ask outcome_of(error.outcome_token) later");
  e.outcome_token = std::move(token);
  return e;
}

retry_options failing_fast(retry_options o) {
  o.on_outage = on_outage::fail_fast;
  return o;
}

} // namespace

error in_doubt_alone(error e) {
  if (e.effect == side_effect::unknown)
    e.message += "; whether it took effect cannot be learned: look at the data. An .operation_key, "
                 "or .traceable on PostgreSQL, makes it known";
  return e;
}

error reentrant_call() {
  return make_error(errc::reentrant_call,
                    "a function given to on_event calls the database that called it");
}

error key_without_write(std::string_view verb) {
  return make_error(errc::invalid_configuration, "operation_key: given with " + std::string{verb} +
                                                     "; takes execute or transaction");
}

std::optional<error> naming_problem(const call_options& how, std::string_view verb) {
  if (!how.operation_key.empty()) return key_without_write(verb);
  if (how.traceable)
    return make_error(errc::invalid_configuration,
                      "traceable: given with " + std::string{verb} + "; takes execute or query");
  return read_option_problem(how, verb);
}

namespace {

std::shared_ptr<topology>
make_topology(const std::vector<std::shared_ptr<drivers::sql_driver>>& drivers,
              const database_options& options, const std::shared_ptr<runtime>& background,
              const observer_ptr& events, const database_observers& observers, std::uint64_t seed) {
  std::vector<std::shared_ptr<host>> hosts;
  for (std::size_t i = 0; i < drivers.size(); ++i) {
    auto counts = observers.measures.empty() ? nullptr : observers.measures.at(i);
    hosts.push_back(std::make_shared<host>(drivers[i], options, background, events,
                                           std::move(counts), seed + i));
  }
  return std::make_shared<topology>(std::move(hosts), options, background);
}

} // namespace

database_core::database_core(database_parts parts)
    : driver_{parts.drivers.front()}, options_{std::move(parts.options)},
      loop_{std::move(parts.loop)}, background_{std::move(parts.background)},
      observers_{std::move(parts.observers)}, events_{observers_->all},
      trace_like_{make_trace_id(parts.seed | 1U, 0)}, wanted_{events_->interests()},
      budget_{std::make_shared<retry_budget>(options_.retry_budget)}, stale_{options_.stale},
      fail_fast_{failing_fast(options_.retry)},
      hosts_{
          make_topology(parts.drivers, options_, background_, events_, *observers_, parts.seed)} {}

database_core::~database_core() { abandon(); }

void database_core::abandon() noexcept {
  hosts_->stop();
  for (const auto& h : hosts_->hosts()) h->connections().close();
  observers_->users->stop();
  if (loop_) loop_->stop();
}

task<result<void>> database_core::open(runtime& rt) {
  watch_gauges();
  hosts_->start();
  if (options_.health.interval)
    for (const auto& h : hosts_->hosts())
      background_->spawn(watch_health(background_, h, options_.health));
  for (const auto& h : hosts_->hosts())
    if (options_.hosts.lookup_interval && h->driver().is_named())
      background_->spawn(watch_addresses(background_, h, *options_.hosts.lookup_interval));
  if (observers_->log)
    background_->spawn(flush_log(background_, observers_->log, options_.log.window));
  if (options_.start == start_mode::lazy) co_return result<void>{};
  // One connection proves the way; it goes back to the pool. A little longer than a connect may
  // take: its own error says more than that none came in time.
  const call_options how{.deadline = options_.pool.connect_timeout + for_the_connects_own_error,
                         .idempotent = true,
                         .name = "connect"};
  trace_id trace{};
  const call_terms terms = describe(rt, how, std::source_location::current(), trace);
  const acquire_request request{
      .until = terms.until, .operation = terms.name, .trace_id = terms.trace_id};
  (void)co_await hosts_->first_look(rt, terms.until);
  host* const at = hosts_->writer();
  if (!at) co_return hosts_->refusal();
  auto first = co_await at->connections().acquire(rt, request);
  if (!first) co_return at->explain(std::move(first.error()));
  first->release();
  if (options_.operation_keys.enabled) co_return co_await ensure_operation_table(rt, terms);
  co_return result<void>{};
}

[[gnu::hot]] call_terms database_core::describe(runtime& rt, const call_options& how,
                                                std::source_location caller, trace_id& made) const {
  const time_point now = rt.now();
  call_terms terms{now, deadline::after(now, how.deadline.value_or(options_.deadline))};
  terms.name = how.name;
  terms.trace_id = how.trace_id;
  if (terms.trace_id.empty()) {
    made = trace_like_;
    write_lower_half(made, rt.random());
    terms.trace_id = made.view();
  }
  terms.priority = how.priority;
  terms.caller = caller;
  terms.idempotent = how.idempotent;
  terms.fail_fast = how.fail_fast;
  return terms;
}

[[gnu::hot]] call_terms database_core::terms_of(runtime& rt, const statement& what,
                                                const call_options& how,
                                                std::source_location caller, trace_id& made) const {
  call_terms terms = describe(rt, how, caller, made);
  terms.writes = driver_->single_writer() && driver_->writes(what.sql);
  if (hosts_->several()) route(terms, how, what.sql);
  return terms;
}

void database_core::route(call_terms& terms, const call_options& how, std::string_view sql) const {
  if (how.read.value_or(options_.hosts.read) == read::primary || driver_->writes(sql)) return;
  terms.replica_will_do = true;
  terms.max_staleness = how.max_staleness ? how.max_staleness : options_.hosts.max_staleness;
}

// Without a frame of its own: thousands may wait, and clang would hold a place in it for the frame
// of either way.
task<result<statement_result>> database_core::execute(runtime& rt, const statement& what,
                                                      row_sink* rows, const call_options& how,
                                                      std::source_location caller) {
  if (is_alone(how)) return execute_once(rt, what, rows, how, caller);
  if (how.max_stale || how.served) return execute_or_stale(rt, what, rows, how, caller);
  if (how.hedge) return execute_hedged(rt, what, rows, how, caller);
  if (!how.operation_key.empty()) return execute_keyed(rt, what, rows, how, caller);
  return execute_traced(rt, what, rows, how, caller);
}

task<result<statement_result>> database_core::execute_once(runtime& rt, const statement& what,
                                                           row_sink* rows, const call_options& how,
                                                           std::source_location caller) {
  if (reentrant()) co_return reentrant_call();
  lone_statement once{*this, rt, what, rows, how, caller};
  auto done = co_await run(rt, once.terms, once.what);
  co_return once.answer(std::move(done));
}

lone_statement::lone_statement(const database_core& core, runtime& rt, const statement& s,
                               row_sink* rows, const call_options& how, std::source_location caller)
    : terms{core.terms_of(rt, s, how, caller, trace)}, what{s, rows} {}

result<statement_result> lone_statement::answer(result<void> done) {
  if (!done) return in_doubt_alone(std::move(done.error()));
  return what.take();
}

/// One statement as a transaction that its id names.
task<result<statement_result>> database_core::execute_traced(runtime& rt, const statement& what,
                                                             row_sink* rows,
                                                             const call_options& how,
                                                             std::source_location caller) {
  const transaction_options options = transaction_options_of(how);
  statement_block body{what, rows};
  const block_end end = co_await transact(rt, options, caller, body);
  if (!end.outcome) co_return end.outcome.error();
  co_return statement_result{body.rows_affected()};
}

/// One statement and its key, in one transaction.
task<result<statement_result>> database_core::execute_keyed(runtime& rt, const statement& what,
                                                            row_sink* rows, const call_options& how,
                                                            std::source_location caller) {
  if (rows) co_return key_without_write("query");
  const transaction_options options = transaction_options_of(how);
  statement_block body{what};
  const block_end end =
      co_await transact(rt, options, caller, body, fingerprint_of(what.sql, what.parameters));
  if (!end.outcome) co_return end.outcome.error();
  co_return statement_result{body.rows_affected()};
}

task<result<void>> database_core::script(runtime& rt, std::string_view text,
                                         const call_options& how, std::source_location caller) {
  if (reentrant()) co_return reentrant_call();
  if (auto bad = naming_problem(how, "script")) co_return std::move(*bad);
  trace_id trace{};
  const call_terms terms = describe(rt, how, caller, trace);
  script_work once{text};
  auto done = co_await run(rt, terms, once);
  if (!done) co_return in_doubt_alone(std::move(done.error()));
  co_return done;
}

task<block_end> database_core::transact(runtime& rt, const transaction_options& how,
                                        std::source_location caller, block& body,
                                        std::string fingerprint) {
  if (reentrant()) co_return block_end{reentrant_call(), nullptr};
  const bool keyed = !how.operation_key.empty();
  const call_options call{.deadline = how.deadline,
                          .idempotent = keyed, // its key proves what became of each attempt
                          .name = how.name,
                          .operation_key = how.operation_key,
                          .fail_fast = how.fail_fast,
                          .trace_id = how.trace_id,
                          .priority = how.priority};
  trace_id trace{};
  call_terms terms = describe(rt, call, caller, trace);
  terms.scope = retry_scope::transaction;
  terms.writes = !how.read_only;
  if (hosts_->several() && how.read_only)
    route(terms, {.read = how.read, .max_staleness = how.max_staleness}, "select");
  if (keyed) {
    auto ready = co_await prepare_key(rt, how, terms);
    if (!ready) co_return block_end{std::move(ready), nullptr};
    terms.began = rt.now(); // the key's table may have taken time
  }
  const std::int64_t started = wall_seconds();
  if (keyed && fingerprint.empty()) fingerprint = fingerprint_of(how.name, {});
  transaction_work attempts{*this, how, body, std::move(fingerprint)};
  auto done = co_await run(rt, terms, attempts);
  // What an earlier attempt threw is not how the call ended.
  block_end end{std::move(done), terms.reached ? attempts.thrown() : nullptr};
  if (end.outcome || end.outcome.error().effect != side_effect::unknown) co_return end;
  end.thrown = nullptr; // an unknown outcome outranks what the block threw
  error& cause = end.outcome.error();
  if (cause.code == errc::implicit_commit) co_return end; // no COMMIT of ours was lost
  std::string token = keyed ? to_string(key_token{started, std::string{how.operation_key}})
                            : std::move(cause.outcome_token);
  end.outcome = in_doubt(std::move(cause), std::move(token));
  co_return end;
}

task<result<void>> database_core::prepare_key(runtime& rt, const transaction_options& how,
                                              const call_terms& terms) {
  if (auto bad = key_problem(how.operation_key)) co_return std::move(*bad);
  if (how.read_only)
    co_return make_error(errc::invalid_configuration,
                         "operation_key: given with read_only; takes a transaction that writes");
  co_return co_await ensure_operation_table(rt, terms);
}

task<result<void>> database_core::ensure_operation_table(runtime& rt, const call_terms& terms) {
  if (table_ready_.load(std::memory_order_acquire)) co_return result<void>{};
  call_terms own = terms;
  own.name = "operation_key.table";
  own.idempotent = true;
  own.scope = retry_scope::statement;
  ensure_table_work look{*driver_, options_.operation_keys.create_table};
  auto done = co_await run(rt, own, look);
  if (!done || table_ready_.exchange(true, std::memory_order_acq_rel)) co_return done;
  const prune_terms how{options_.operation_keys.retention, options_.deadline};
  background_->spawn(prune_keys(background_, hosts_, how));
  co_return done;
}

task<result<outcome>> database_core::outcome_of(runtime& rt, std::string_view token) {
  if (reentrant()) co_return reentrant_call();
  if (driver_->traces(token)) co_return co_await outcome_of_transaction(rt, token);
  key_token asked = parse_key_token(token);
  if (auto bad = key_problem(asked.key)) co_return std::move(*bad);
  const call_options how{.idempotent = true, .name = "outcome_of"};
  trace_id trace{};
  call_terms terms = describe(rt, how, std::source_location::current(), trace);
  terms.scope = retry_scope::transaction;
  auto ready = co_await ensure_operation_table(rt, terms);
  if (!ready) co_return std::move(ready.error());
  terms.began = rt.now();
  outcome_work question{*driver_, std::move(asked)};
  auto done = co_await run(rt, terms, question);
  if (!done) co_return std::move(done.error());
  co_return question.answer();
}

task<result<outcome>> database_core::outcome_of_transaction(runtime& rt, std::string_view token) {
  const call_options how{.idempotent = true, .name = "outcome_of"};
  trace_id trace{};
  const call_terms terms = describe(rt, how, std::source_location::current(), trace);
  settle_work question{token};
  auto done = co_await run(rt, terms, question);
  if (!done) co_return std::move(done.error());
  co_return question.answer();
}

bool database_core::reentrant() const noexcept { return inside_user_hook(observers_.get()); }

} // namespace holdfast::detail
