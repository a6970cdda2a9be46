#pragma once

#include <holdfast/call_options.hpp>
#include <holdfast/event_history.hpp>
#include <holdfast/exceptions.hpp>
#include <holdfast/operation_codec.hpp>
#include <holdfast/options.hpp>
#include <holdfast/sql_verbs.hpp>
#include <holdfast/status.hpp>
#include <holdfast/transaction.hpp>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

class database;
class async_database;

namespace detail {

class database_core;

/// One call of a blocking handle: where to, how, and what may stop it.
struct blocking_call {
  database_core* core = nullptr;
  call_options options{};
  std::stop_token stop{};
};

result<statement_result> run_statement(const blocking_call& call, const sql& text,
                                       std::span<const value> parameters, row_sink* rows);
result<blocking_stream> open_stream(const blocking_call& call, const sql& text,
                                    std::span<const value> parameters, row_sink& first);
result<void> run_script(const blocking_call& call, const sql& text);
result<std::uint64_t> run_insert(const blocking_call& call, const sql& table,
                                 std::span<const std::string_view> columns,
                                 const make_row_source& rows);
block_end run_transaction(const blocking_call& call, const transaction_options& how,
                          std::source_location caller, block& body);

} // namespace detail

/// A database seen with other options for each call; made by `database::with`. Cheap, and must not
/// outlive the database.
class database_view : public sql_verbs<database_view> {
private:
  friend class database;
  friend class sql_verbs<database_view>;

  explicit database_view(detail::blocking_call call) noexcept : call_{std::move(call)} {}

  result<statement_result> run(const sql& text, std::span<const value> parameters, row_sink* rows) {
    return detail::run_statement(call_, text, parameters, rows);
  }
  result<detail::blocking_stream> open_stream(const sql& text, std::span<const value> parameters,
                                              row_sink& first) {
    return detail::open_stream(call_, text, parameters, first);
  }
  result<void> run_script(const sql& text) { return detail::run_script(call_, text); }
  result<std::uint64_t> run_insert(const sql& table, std::span<const std::string_view> columns,
                                   const detail::make_row_source& rows) {
    return detail::run_insert(call_, table, columns, rows);
  }

  detail::blocking_call call_;
};

/// A database: a pool of connections, and what keeps operations on it alive.
///
/// A cheap handle; copies share one pool. The last one's destructor waits for no network: idle
/// connections close, leases close when they return. Safe to use from any number of threads.
///
/// Every call ends by its deadline (30 s unless told otherwise). A statement is sent again only
/// when it was never sent, is known undone, only reads, or was declared idempotent.
///
/// It does not build SQL, map objects, or make an engine do what it can't.
class database : public sql_verbs<database> {
public:
  explicit database(std::shared_ptr<detail::database_core> core) noexcept;

  /// The same verbs with other options: `db.with({.deadline = 200ms, .idempotent = true}).query…`.
  /// A stop request ends the call's waits with `cancelled`.
  [[nodiscard]] database_view with(call_options options, std::stop_token stop = {}) const {
    return database_view{{core_.get(), options, std::move(stop)}};
  }

  /// The same database for an Asio program; include <holdfast/asio.hpp>.
  template <class Executor>
  [[nodiscard]] async_database async(const Executor& executor) const;

  /// Runs `fn(transaction&)` in a transaction and gives what it returns. The whole block runs
  /// again, with backoff, on deadlock, serialization failure and on a connection that broke before
  /// COMMIT was sent; so it should have no effects but on the database. An exception rolls back.
  ///
  /// With an operation key also a lost COMMIT is resolved; without one PostgreSQL is asked by the
  /// transaction's id. What cannot be learned is reported with `effect() == unknown`.
  template <class F>
  auto transaction(F&& fn, std::source_location caller = std::source_location::current())
      -> std::invoke_result_t<F&, holdfast::transaction&> {
    return run_block(transaction_options{}, caller, fn);
  }
  template <class F>
  auto transaction(const transaction_options& options, F&& fn,
                   std::source_location caller = std::source_location::current())
      -> std::invoke_result_t<F&, holdfast::transaction&>
    requires storable_result<std::invoke_result_t<F&, holdfast::transaction&>>
  {
    return run_block(options, caller, fn);
  }

  /// What became of the write with this operation key, or of the one that an error's
  /// `outcome_token()` names. Settles it for good: a key that did not commit never will.
  ///
  /// A bare key is answered for the retention period (7 days unless told otherwise).
  [[nodiscard]] outcome outcome_of(std::string_view key_or_token);
  [[nodiscard]] result<outcome> try_outcome_of(std::string_view key_or_token);

  /// The numbers at this instant; takes no connection.
  [[nodiscard]] database_status status() const;
  /// Asks the server, within the health timeout.
  [[nodiscard]] health_report health();

  /// Calls `fn` for every event from now on but those of each healthy operation
  /// (`high_volume_events`), in order, on a worker of the service thread; a slow
  /// function loses the oldest events (counted). It must not call this database: such calls fail
  /// with reentrant_call.
  void on_event(std::function<void(const owned_event&)> fn);
  /// Events of the last hour by kind and host.
  [[nodiscard]] event_summary recent_events() const;

  /// For a planned switch: from now on no attempt begins, those under way end, and callers wait, by
  /// their own deadlines, until `resume`. True if nothing is under way any more, for which it waits
  /// at most `drain`.
  bool suspend(duration drain = {});
  /// With several hosts each is asked anew whether it takes writes before the first attempt begins.
  void resume();
  /// Begins anew: closes idle connections, retires those in use at their return, closes the
  /// breaker, fills the retry budget.
  void reset();
  /// No new calls; waits until the last lease is back, at most `limit`. True if all came back.
  bool close(duration limit);

  [[nodiscard]] const std::shared_ptr<detail::database_core>& core() const noexcept {
    return core_;
  }

private:
  friend class sql_verbs<database>;

  result<statement_result> run(const sql& text, std::span<const value> parameters, row_sink* rows) {
    return detail::run_statement({core_.get()}, text, parameters, rows);
  }
  result<detail::blocking_stream> open_stream(const sql& text, std::span<const value> parameters,
                                              row_sink& first) {
    return detail::open_stream({core_.get()}, text, parameters, first);
  }
  result<void> run_script(const sql& text) { return detail::run_script({core_.get()}, text); }
  result<std::uint64_t> run_insert(const sql& table, std::span<const std::string_view> columns,
                                   const detail::make_row_source& rows) {
    return detail::run_insert({core_.get()}, table, columns, rows);
  }

  template <class F>
  auto run_block(const transaction_options& options, std::source_location caller, F& fn)
      -> std::invoke_result_t<F&, holdfast::transaction&> {
    detail::callable_block<F> body{fn};
    detail::run_transaction({core_.get()}, options, caller, body).rethrow_if_failed();
    return body.take();
  }

  std::shared_ptr<detail::database_core> core_;
};

/// All databases' metrics in Prometheus' text format.
[[nodiscard]] std::string prometheus_text(std::initializer_list<const database*> databases);

} // namespace holdfast
