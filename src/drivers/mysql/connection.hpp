#pragma once

#include "drivers/mysql/cancel.hpp"
#include "drivers/mysql/connect.hpp"
#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/settings.hpp"
#include "drivers/mysql/statement_cache.hpp"
#include "drivers/mysql/wire.hpp"
#include "drivers/sql_driver.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::drivers::mysql {

/// One session with a MariaDB or MySQL server. Does not retry, with one exception: a statement that
/// this connection had prepared and that the server no longer accepts (the schema changed) is
/// prepared anew once, outside transactions.
///
/// It does not do LOAD DATA LOCAL, or several statements in one `execute`. Of a procedure's results
/// it gives the first.
class connection final : public sql_connection {
public:
  /// `s` and `cancels` outlive this object.
  connection(logged_in in, const settings& s, canceller& cancels);
  ~connection() override { close(); }

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
  [[nodiscard]] std::string session_token() const override;
  task<result<void>> end_session(runtime& rt, std::string_view token, deadline until) override;
  task<result<void>> ping(runtime& rt, deadline until) override;
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

private:
  /// How the rows of a statement are received.
  struct reception {
    row_sink* rows = nullptr;
    std::optional<error> failure{}; // the sink's
    bool patient = false;           // unwanted rows are read however many they are
    bool unfinished = false;        // the protocol is left in the middle: nothing can follow
    std::uint64_t drained = 0;      // rows after the failure
    std::uint32_t in_a_row = 0;     // rows since the clock was last looked at
    int ended = 0;                  // as mysql_stmt_fetch said: no more rows, or an error
  };
  /// How far a text of several statements got.
  struct progress {
    std::uint32_t ended = 0; // results; a procedure has several
    bool closed = false;     // no block was open after one of them
  };
  class cursor;

  std::optional<error> refuse(runtime& rt, deadline until);
  [[nodiscard]] bool block_open() const noexcept;
  [[nodiscard]] bool is_mariadb() const noexcept;
  [[nodiscard]] situation situation_for(const sql_facts& facts) const noexcept;
  [[nodiscard]] situation harmless() const noexcept;
  error lost(const situation& s);
  error stopped(wire_status status, const situation& s);
  error failed(const server_reply& reply, const situation& s);
  error refused(const situation& s);
  error refused(MYSQL_STMT* statement, const situation& s);
  error unbound(const prepared_statement& s, const situation& now);
  error failed_after(reception& got, const situation& s);

  task<result<prepared_statement*>> prepare(runtime& rt, std::string_view sql, deadline until);
  task<result<void>> close_doomed(runtime& rt, deadline until);
  result<void> start(prepared_statement& s, const statement& what, situation& now);
  task<result<void>> execute_started(runtime& rt, prepared_statement& s, situation now,
                                     deadline until);
  static constexpr std::uint32_t rows_between_looks = 64;
  static wire_status due(runtime& rt, deadline until) noexcept;
  int take_in(prepared_statement& s, reception& got, int ready);
  bool accept(prepared_statement& s, reception& got, int fetched);
  task<result<void>> receive(runtime& rt, prepared_statement& s, reception& got, situation now,
                             deadline until);
  task<result<void>> skip_results(runtime& rt, prepared_statement& s, situation now,
                                  deadline until);
  task<result<void>> mend(runtime& rt, error failure, std::string_view sql, situation now,
                          deadline until);
  task<error> look_after(runtime& rt, error failure, std::string_view sql, situation now,
                         deadline until);
  task<result<void>> simple(runtime& rt, std::string_view sql, situation now, deadline until,
                            progress* got = nullptr);
  task<result<void>> as_text(runtime& rt, statement what, statement_result& done, deadline until);
  task<result<bool>> server_is_read_only(runtime& rt, deadline until);
  task<result<void>> in_block(runtime& rt, std::string sql, deadline until);
  task<result<void>> forget_session(runtime& rt, deadline until);
  task<result<void>> check_database(runtime& rt, deadline until);

  wire wire_;
  const settings& settings_;
  canceller& cancels_;
  statement_cache cache_;
  std::vector<value> cells_; // of the row being read; reused
  const std::string peer_;
  const std::string address_; // empty for a socket
  const session_facts facts_;
  bool read_only_block_ = false;
  bool dirty_ = false;
  bool broken_ = false; // only close is left
};

} // namespace holdfast::drivers::mysql
