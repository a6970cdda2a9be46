// What a handle holds: one database's driver, host, budget and telemetry, and the loop that runs an
// operation on them.
#pragma once

#include "database/hedged_read.hpp"
#include "database/host.hpp"
#include "database/observers.hpp"
#include "database/stale_cache.hpp"
#include "database/topology.hpp"
#include "database/work.hpp"

#include <holdfast/call_options.hpp>
#include <holdfast/median_estimate.hpp>
#include <holdfast/options.hpp>
#include <holdfast/retry_budget.hpp>
#include <holdfast/row_stream.hpp>
#include <holdfast/service.hpp>
#include <holdfast/status.hpp>
#include <holdfast/trace_id.hpp>
#include <holdfast/transaction.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::detail {

class operation;

[[nodiscard]] error reentrant_call();
/// `verb` takes no operation key.
[[nodiscard]] error key_without_write(std::string_view verb);
/// Refuses the options that name a write where `verb` takes none.
[[nodiscard]] std::optional<error> naming_problem(const call_options& how, std::string_view verb);

/// Refuses the options that only a read takes.
[[nodiscard]] std::optional<error> read_option_problem(const call_options& how,
                                                       std::string_view verb);
/// A write that nothing names: what its caller can do is all that is to be said.
[[nodiscard]] error in_doubt_alone(error e);

/// What a database is made of. `loop` runs `background` and is stopped by the last handle; in a
/// simulation there is none.
struct database_parts {
  /// One for each host, in the URL's order; at least one.
  std::vector<std::shared_ptr<drivers::sql_driver>> drivers;
  database_options options;
  std::unique_ptr<service> loop;
  std::shared_ptr<runtime> background;
  std::shared_ptr<database_observers> observers;
  std::uint64_t seed = 0;
};

class database_core : public std::enable_shared_from_this<database_core> {
public:
  explicit database_core(database_parts parts);
  ~database_core();
  database_core(const database_core&) = delete;
  database_core& operator=(const database_core&) = delete;

  /// Starts upkeep and health checks; connects once if the options say so; makes the table of
  /// operation keys if they say so. On an error nothing stays behind.
  [[nodiscard]] task<result<void>> open(runtime& rt);

  /// The life of one operation: deadline, retry with budget, host, breaker, lease, attempt,
  /// classify, record. See docs/guide/life-of-an-operation.md.
  [[nodiscard]] task<result<void>> run(runtime& rt, const call_terms& terms, work& what);

  /// What holds for all attempts of one statement.
  [[nodiscard]] call_terms terms_of(runtime& rt, const statement& what, const call_options& how,
                                    std::source_location caller, trace_id& made) const;
  /// Whether the caller is one of this database's own hooks.
  [[nodiscard]] bool reentrant() const noexcept;

  /// One autocommit statement.
  [[nodiscard]] task<result<statement_result>> execute(runtime& rt, const statement& what,
                                                       row_sink* rows, const call_options& how,
                                                       std::source_location caller);
  [[nodiscard]] task<result<void>> script(runtime& rt, std::string_view text,
                                          const call_options& how, std::source_location caller);
  /// One statement whose rows come by and by; the first of them are in `first`. Null if those were
  /// all.
  [[nodiscard]] task<result<stream_ptr>> open_stream(runtime& rt, const statement& what,
                                                     const call_options& how,
                                                     std::source_location caller, row_sink& first);
  [[nodiscard]] error stream_failed(error e, const call_terms& terms, std::uint64_t generation,
                                    duration elapsed);
  /// A whole transaction. The block's exception, if that is why it ended, comes back beside the
  /// error.
  [[nodiscard]] task<block_end> transact(runtime& rt, const transaction_options& how,
                                         std::source_location caller, block& body,
                                         std::string fingerprint = {});
  [[nodiscard]] task<result<outcome>> outcome_of(runtime& rt, std::string_view token);
  [[nodiscard]] task<health_report> check_health(runtime& rt);
  [[nodiscard]] task<bool> close(runtime& rt, duration limit);

  [[nodiscard]] database_status status() const;
  /// `tell` gives nothing once the journal is gone.
  void add_journal(std::function<std::optional<journal_status>()> tell);
  /// No attempt begins any more. True if none is under way, for which it waits at most `drain`.
  [[nodiscard]] task<bool> suspend(runtime& rt, duration drain);
  void resume();
  void reset();
  /// At once and without waiting: what the last handle does.
  void abandon() noexcept;

  /// Fills in what every event has in common.
  void publish(event e, time_point at, const call_terms& terms) noexcept;
  void count_resolved() noexcept { resolved_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] const drivers::sql_driver& driver() const noexcept { return *driver_; }
  [[nodiscard]] const database_options& options() const noexcept { return options_; }
  [[nodiscard]] const std::string& name() const noexcept { return options_.name; }
  [[nodiscard]] runtime& background() const noexcept { return *background_; }
  [[nodiscard]] const std::shared_ptr<runtime>& background_runtime() const noexcept {
    return background_;
  }
  /// Null in a simulation.
  [[nodiscard]] service* loop() const noexcept { return loop_.get(); }
  [[nodiscard]] database_observers& observers() const noexcept { return *observers_; }

private:
  [[nodiscard]] task<result<statement_result>> execute_once(runtime& rt, const statement& what,
                                                            row_sink* rows, const call_options& how,
                                                            std::source_location caller);
  [[nodiscard]] task<result<statement_result>> execute_keyed(runtime& rt, const statement& what,
                                                             row_sink* rows,
                                                             const call_options& how,
                                                             std::source_location caller);
  [[nodiscard]] task<result<statement_result>> execute_traced(runtime& rt, const statement& what,
                                                              row_sink* rows,
                                                              const call_options& how,
                                                              std::source_location caller);
  [[nodiscard]] task<result<statement_result>> execute_hedged(runtime& rt, const statement& what,
                                                              row_sink* rows,
                                                              const call_options& how,
                                                              std::source_location caller);
  [[nodiscard]] task<result<statement_result>> execute_or_stale(runtime& rt, const statement& what,
                                                                row_sink* rows,
                                                                const call_options& how,
                                                                std::source_location caller);
  [[nodiscard]] std::optional<error> stale_problem(const statement& what, const row_sink* rows,
                                                   const call_options& how) const;
  [[nodiscard]] std::optional<error> hedge_problem(const statement& what,
                                                   const call_options& how) const;
  [[nodiscard]] task<result<outcome>> outcome_of_transaction(runtime& rt, std::string_view token);
  [[nodiscard]] task<result<void>> prepare_key(runtime& rt, const transaction_options& how,
                                               const call_terms& terms);
  void watch_gauges();
  /// A call that brings no trace id gets one, which `made` keeps: it must live as long as the call.
  [[nodiscard]] call_terms describe(runtime& rt, const call_options& how,
                                    std::source_location caller, trace_id& made) const;
  /// Where a call goes that runs this text.
  void route(call_terms& terms, const call_options& how, std::string_view sql) const;
  [[nodiscard]] operation start(const call_terms& terms, time_point now);
  static void turn_to(operation& op, host* at, const call_terms& terms) noexcept;
  [[nodiscard]] bool may_begin(operation& op, const call_terms& terms, time_point now);
  [[nodiscard]] std::string_view host_of(const call_terms& terms) const noexcept;
  [[nodiscard]] task<result<void>> attempt(runtime& rt, const call_terms& terms, work& what,
                                           time_point& now);
  [[nodiscard]] task<result<void>> attempt_hedged(runtime& rt, const call_terms& terms,
                                                  operation& op, time_point& now);
  [[nodiscard]] task<result<row_copy>> attempt_apart(runtime& rt, std::shared_ptr<hedged_read> read,
                                                     host* at, std::uint32_t number);
  [[nodiscard]] host& hedge_host(const call_terms& terms, time_point now);
  [[nodiscard]] bool may_hedge(host& at);
  [[nodiscard]] task<wait_status> pause(runtime& rt, const call_terms& terms,
                                        const retry_decision& decision, operation& state);
  [[nodiscard]] error located(error e, const call_terms& terms, duration elapsed) const;
  [[nodiscard]] static result<void> refused(operation& op, time_point now);
  [[nodiscard]] retry_decision decide(operation& op, result<void> failed, work& what,
                                      time_point now, std::uint64_t random);
  [[nodiscard]] result<void> conclude(operation& op, wait_status woke, const call_terms& terms,
                                      time_point now, time_point began);
  [[nodiscard]] task<result<void>> ensure_operation_table(runtime& rt, const call_terms& terms);
  void record(const call_terms& terms, time_point now, time_point began,
              const error* failure) noexcept;

  std::shared_ptr<drivers::sql_driver> driver_;
  database_options options_;
  std::unique_ptr<service> loop_;
  std::shared_ptr<runtime> background_;
  std::shared_ptr<database_observers> observers_;
  observer_ptr events_;
  trace_id trace_like_; // its upper half is that of all ids of ours
  event_set wanted_;
  std::shared_ptr<retry_budget> budget_; // shared with the gauge that reads it
  median_estimate median_;
  hedge_book usual_;
  stale_cache stale_;
  const retry_options fail_fast_; // the options' own, but for those who do not wait for the host
  std::shared_ptr<topology> hosts_;
  mutable std::mutex journals_mutex_; // guards journals_
  std::vector<std::function<std::optional<journal_status>()>> journals_;

  std::atomic<std::uint64_t> operations_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> attempts_{0};
  std::atomic<std::uint64_t> retries_{0};
  std::atomic<std::uint64_t> resolved_{0};
  std::atomic<std::uint64_t> unknown_{0};
  std::atomic<std::uint64_t> hedges_{0};
  std::atomic<std::uint64_t> hedges_won_{0};
  std::atomic<std::uint64_t> served_stale_{0};
  std::atomic<bool> table_ready_{false}; // the operation keys' table was seen; its upkeep began
};

} // namespace holdfast::detail
