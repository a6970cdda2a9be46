// The blocking forms: the same coroutines, run to their end inside the calling thread.
#include "database/database_core.hpp"
#include "database/statement_work.hpp"

#include <holdfast/database.hpp>
#include <holdfast/thread_runtime.hpp>

namespace holdfast {

namespace detail {

[[gnu::hot]] result<statement_result> run_statement(const blocking_call& call, const sql& text,
                                                    std::span<const value> parameters,
                                                    row_sink* rows) {
  thread_runtime rt{&call.core->background(), call.stop};
  const statement what{text.text, parameters};
  if (!is_alone(call.options) || call.core->reentrant())
    return run_inline(call.core->execute(rt, what, rows, call.options, text.caller));
  lone_statement once{*call.core, rt, what, rows, call.options, text.caller}; // needs no frame
  auto done = run_inline(call.core->run(rt, once.terms, once.what));
  return once.answer(std::move(done));
}

result<blocking_stream> open_stream(const blocking_call& call, const sql& text,
                                    std::span<const value> parameters, row_sink& first) {
  thread_runtime rt{&call.core->background(), call.stop};
  const statement what{text.text, parameters};
  auto opened = run_inline(call.core->open_stream(rt, what, call.options, text.caller, first));
  if (!opened) return std::move(opened.error());
  return blocking_stream{std::move(*opened), &call.core->background(), call.stop};
}

result<bool> fetch_rows(const blocking_stream& from, row_sink& rows) {
  thread_runtime rt{from.background, from.stop};
  return run_inline(from.core->fetch(rt, rows));
}

result<void> close_rows(const blocking_stream& from) {
  thread_runtime rt{from.background};
  return run_inline(from.core->close(rt));
}

result<void> run_script(const blocking_call& call, const sql& text) {
  thread_runtime rt{&call.core->background(), call.stop};
  return run_inline(call.core->script(rt, text.text, call.options, text.caller));
}

result<std::uint64_t> run_insert(const blocking_call& call, const sql& table,
                                 std::span<const std::string_view> columns,
                                 const make_row_source& rows) {
  thread_runtime rt{&call.core->background(), call.stop};
  if (auto bad = read_option_problem(call.options, "insert_many")) return std::move(*bad);
  insert_block body{table.text, columns, rows};
  const transaction_options how = transaction_options_of(call.options);
  const block_end end =
      run_inline(call.core->transact(rt, how, table.caller, body, body.fingerprint(how)));
  if (!end.outcome) return end.outcome.error();
  return body.rows_affected();
}

block_end run_transaction(const blocking_call& call, const transaction_options& how,
                          std::source_location caller, block& body) {
  thread_runtime rt{&call.core->background(), call.stop};
  return run_inline(call.core->transact(rt, how, caller, body));
}

block_end run_savepoint(transaction_core& tx, block& body) {
  return run_inline(tx.savepoint(body));
}

} // namespace detail

result<statement_result> transaction::run(const sql& text, std::span<const value> parameters,
                                          row_sink* rows) {
  return run_inline(core_->execute({text.text, parameters}, rows));
}

result<detail::blocking_stream>
transaction::open_stream(const sql& text, std::span<const value> parameters, row_sink& first) {
  auto opened = run_inline(core_->open_stream({text.text, parameters}, first));
  if (!opened) return std::move(opened.error());
  return detail::blocking_stream{std::move(*opened)};
}

result<void> transaction::run_script(const sql& text) {
  return run_inline(core_->script(text.text));
}

result<std::uint64_t> transaction::run_insert(const sql& table,
                                              std::span<const std::string_view> columns,
                                              const detail::make_row_source& rows) {
  return run_inline(core_->insert(table.text, columns, rows));
}

database::database(std::shared_ptr<detail::database_core> core) noexcept : core_{std::move(core)} {}

outcome database::outcome_of(std::string_view key_or_token) {
  return try_outcome_of(key_or_token).value();
}

result<outcome> database::try_outcome_of(std::string_view key_or_token) {
  thread_runtime rt{&core_->background()};
  return run_inline(core_->outcome_of(rt, key_or_token));
}

database_status database::status() const { return core_->status(); }

health_report database::health() {
  thread_runtime rt{&core_->background()};
  return run_inline(core_->check_health(rt));
}

void database::on_event(std::function<void(const owned_event&)> fn) {
  core_->observers().users->subscribe(std::move(fn));
}

event_summary database::recent_events() const {
  return core_->observers().history->last_hour(core_->background().now());
}

bool database::suspend(duration drain) {
  thread_runtime rt{&core_->background()};
  return run_inline(core_->suspend(rt, drain));
}
void database::resume() { core_->resume(); }
void database::reset() { core_->reset(); }

bool database::close(duration limit) {
  thread_runtime rt{&core_->background()};
  return run_inline(core_->close(rt, limit));
}

std::string prometheus_text(std::initializer_list<const database*> databases) {
  std::vector<metrics> sources;
  for (const database* db : databases) sources.push_back(db->core()->observers().numbers);
  return prometheus_text(std::span<const metrics>{sources});
}

} // namespace holdfast
