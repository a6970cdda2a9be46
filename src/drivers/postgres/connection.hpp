#pragma once

#include "drivers/postgres/cancel.hpp"
#include "drivers/postgres/errors.hpp"
#include "drivers/postgres/parameters.hpp"
#include "drivers/postgres/settings.hpp"
#include "drivers/postgres/statement_cache.hpp"
#include "drivers/postgres/wire.hpp"
#include "drivers/postgres/witness.hpp"
#include "drivers/sql_driver.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::drivers::postgres {

/// One session with a PostgreSQL server. Does not retry, with one exception: a statement that this
/// connection had prepared and that the server no longer accepts (the schema changed) is prepared
/// anew once, outside transactions.
///
/// It does not do COPY, LISTEN, or several statements in one `execute`.
class connection final : public sql_connection {
public:
  /// `seed` makes the names of prepared statements differ from those of others that a pooler lets
  /// share the session. `cancels` outlives this object.
  connection(pg_connection connected, const settings& s, canceller& cancels, std::uint64_t seed);

  task<result<void>> perform(runtime& rt, statement what, row_sink* rows, statement_result& done,
                             deadline until) override;
  task<result<cursor_ptr>> open_rows(runtime& rt, statement what, deadline until) override;
  task<result<void>> script(runtime& rt, std::string_view sql, deadline until) override;
  task<result<void>> begin(runtime& rt, begin_options how, deadline until) override;
  task<result<void>> commit(runtime& rt, deadline until) override;
  task<result<void>> rollback(runtime& rt, deadline until) override;
  task<result<void>> savepoint(runtime& rt, std::uint32_t depth, deadline until) override;
  task<result<void>> release_savepoint(runtime& rt, std::uint32_t depth, deadline until) override;
  task<result<void>> rollback_to_savepoint(runtime& rt, std::uint32_t depth,
                                           deadline until) override;
  [[nodiscard]] std::string transaction_token() const override;
  task<result<outcome>> settle(runtime& rt, std::string_view token, deadline until) override;
  task<result<void>> ping(runtime& rt, deadline until) override;
  /// PostgreSQL 13 does not tell: unknown.
  [[nodiscard]] host_role role() const noexcept override;
  task<result<server_state>> examine(runtime& rt, deadline until) override;
  task<result<void>> reset(runtime& rt, deadline until) override;

  [[nodiscard]] bool dirty() const noexcept override;
  void mark_clean() noexcept override { dirty_ = false; }
  [[nodiscard]] transaction_status in_transaction() const noexcept override;
  [[nodiscard]] bool usable() const noexcept override { return !broken_; }
  [[nodiscard]] std::string_view address() const noexcept override { return address_; }
  [[nodiscard]] std::string_view peer() const noexcept override { return peer_; }
  void interrupt() noexcept override { wire_.interrupt(); }
  void close() noexcept override;

  /// What the server itself says of taking no writes: it is a standby, or read-only by its own
  /// configuration. PostgreSQL 14 and newer tell without being asked; from 13 this is a query, to
  /// be made outside a failed transaction.
  task<result<bool>> server_is_read_only(runtime& rt, deadline until);

private:
  /// How a result is received: where rows go and what is known of them.
  struct receiving {
    row_sink* rows = nullptr;
    const row_shape* shape = nullptr; ///< null: nobody looks at the rows
    bool surely = false; ///< a prepared statement: the server itself sees to it that they fit
  };
  /// What has come so far.
  struct reception {
    statement_result done;
    std::optional<error> failure;
    bool from_sink = false;             // the failure is the sink's, not the server's
    bool announced = false;             // the sink knows the columns
    bool unfinished = false;            // the protocol is left in the middle: nothing can follow
    bool patient = false;               // unwanted rows are read however many they are
    std::uint64_t drained = 0;          // rows after the failure
    std::optional<row_shape> own_shape; // where the result differs from what was described
  };
  class cursor;

  std::optional<error> refuse(runtime& rt, deadline until);
  [[nodiscard]] bool block_open() const noexcept;
  /// A BEGIN that has not left yet: it leaves with the first statement.
  [[nodiscard]] bool begins() const noexcept { return !unsent_begin_.empty(); }
  std::optional<error> refuse_before_first(runtime& rt, deadline until);
  [[nodiscard]] situation situation_for(const sql_facts& facts) const noexcept;
  [[nodiscard]] bool says_read_only() const noexcept;
  error lost(const situation& s);
  error stopped(wire_status status, const situation& s);
  error refused(const PGresult* r, const situation& s);
  error failed_after(reception& got, const situation& now);
  error with_the_latest(error e, const situation& s);
  bool must_ask_whether_read_only(const error& e, const situation& s) const noexcept;

  task<result<prepared_statement*>> prepare(runtime& rt, std::string_view sql, sql_facts facts,
                                            deadline until);
  void queue_preparation(const prepared_statement& s);
  result<row_shape> described(std::vector<pg_result>& results, prepared_statement& s);
  task<result<void>> mend(runtime& rt, error failure, std::string_view sql, situation now,
                          deadline until);
  result<void> start(const prepared_statement& s, const statement& what, situation& now);
  result<void> send(const prepared_statement& s, situation& now);
  task<result<void>> receive(runtime& rt, receiving to, reception& got, situation now,
                             deadline until);
  wire::need take_in(runtime& rt, const receiving& to, reception& got, const situation& now,
                     deadline until);
  result<void> conclude(wire_status status, reception& got, const situation& now);
  bool accept(const PGresult* r, const receiving& to, reception& got, const situation& now);
  void accept_rows(const PGresult* r, const receiving& to, reception& got);
  task<result<statement_result>> simple(runtime& rt, const char* sql, situation now,
                                        deadline until);
  void forget_statements() noexcept;
  /// Whether a statement carries the question for the transaction's id.
  [[nodiscard]] bool rides(const sql_facts& facts) const noexcept {
    return witness_.rides() && !facts.drops_statements;
  }
  result<void> ask_for_id();
  task<result<void>> take_id(runtime& rt, situation now, deadline until);
  task<result<void>> take_begun(runtime& rt, situation now, deadline until);
  task<result<void>> look_for_id(runtime& rt, situation now, deadline until);
  task<result<void>> begin_traced(runtime& rt, std::string text, deadline until);
  task<result<std::optional<incarnation>>> who_is_there(runtime& rt, deadline until);
  task<result<bool>> end_backend(runtime& rt, backend session, deadline until);
  task<result<std::string>> fate_of(runtime& rt, std::uint64_t xid, deadline until);
  task<result<bool>> confirm_replicated(runtime& rt, deadline until);
  task<result<void>> in_block(runtime& rt, std::string sql, deadline until);
  task<result<void>> run_hygiene(runtime& rt, deadline until);

  wire wire_;
  canceller& cancels_;
  statement_cache cache_;
  parameter_block parameters_;
  std::vector<value> cells_; // of the row being read; reused
  std::string peer_;
  const std::string address_; // empty for a socket
  std::string name_prefix_;
  std::uint64_t names_ = 0;
  bool names_statements_;   // false behind a transaction pooler, or without a cache
  bool shares_session_;     // behind a transaction pooler: no session state is ours to reset
  bool settings_read_only_; // the session's own settings ask for read-only transactions
  bool read_only_block_ = false;
  bool began_on_read_only_server_ = false; // as it was then: the block keeps to it
  std::string unsent_begin_;
  bool dirty_ = false;
  transaction_witness witness_;
  bool said_commit_ = false; // the tag of the last command
  bool broken_ = false;      // only close is left
};

} // namespace holdfast::drivers::postgres
