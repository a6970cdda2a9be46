// What the SQL facade needs of an engine: one `sql_driver` that opens `sql_connection`s. Every
// driver folder implements these two and nothing of retry, breaker or pool policy.
#pragma once

#include <holdfast/host_role.hpp>
#include <holdfast/outcome.hpp>
#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/statement.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>
#include <holdfast/value.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::drivers {

using holdfast::column;
using holdfast::isolation;
using holdfast::row_sink;
using holdfast::statement;
using holdfast::statement_result;

struct begin_options {
  holdfast::isolation isolation = holdfast::isolation::engine_default;
  bool read_only = false;
  bool deferrable = false;
  /// `transaction_token` is to name it by the time that COMMIT leaves.
  bool traceable = false;
  /// The block is the next `execute` and nothing else, so BEGIN may leave together with it.
  bool with_next = false;
};

/// The state of the connection's transaction, as the engine itself reports it.
enum class transaction_status : std::uint8_t { none, open, failed, unknown };

/// What a server says of itself, for whoever chooses among several.
struct server_state {
  host_role role = host_role::primary;
  /// Grows with each promotion; a replica's: of what it receives. 0: not known.
  std::uint64_t history = 0;
  /// In the log: how far a primary has written it, or how far a replica shows it. Comparable within
  /// one history.
  std::uint64_t position = 0;
};

/// What the answers to a host's name say of the addresses that connections went to.
struct address_news {
  std::vector<std::string> vanished{}; ///< named no more
  bool doubtful = false;               ///< one was not named for the first time: look again soon
};

/// The rows of one statement, fetched by and by: memory holds one batch of them. While it lives
/// nothing else may be asked of its connection, and the statement's text and parameters must live.
/// Destroyed before its end, it leaves the connection unusable where the engine has no other way.
class row_cursor {
public:
  virtual ~row_cursor() = default;

  /// Waits for rows and gives the sink a batch: at most the statement's `fetch_size`, fewer where
  /// they are large or slow to come. False: there are no more (the sink may have got the last), and
  /// the connection is free again. After an error there is nothing more to fetch.
  virtual task<result<bool>> fetch(runtime& rt, row_sink& rows, deadline until) = 0;

  /// Ends the statement early; does nothing after its end. An error with `connection_usable ==
  /// false` says that this could not be had within the deadline, or not with reasonable effort.
  virtual task<result<void>> close(runtime& rt, deadline until) = 0;
};

using cursor_ptr = std::unique_ptr<row_cursor>;

/// One connection. One user at a time; not thread-safe but for `interrupt`. Every verb ends by its
/// deadline. After an error with `connection_usable == false` only `close` may be called.
///
/// Errors carry code, advice, effect and phase from the engine's table: `effect` is `none` if the
/// statement was never sent or is known undone, `unknown` if a sent write was not answered.
class sql_connection {
public:
  virtual ~sql_connection() = default;

  /// Runs one statement. At the deadline, and on cancellation, the statement is cancelled on the
  /// server as far as that can be had without blocking, and the error says
  /// `connection_usable = false`: such a connection is never used again.
  /// Parameter count and type mismatches are found before anything is sent, name the position and
  /// both types, and leave the connection usable.
  [[nodiscard]] task<result<statement_result>> execute(runtime& rt, statement what, row_sink* rows,
                                                       deadline until) {
    statement_result done;
    auto ended = co_await perform(rt, what, rows, done, until);
    if (!ended) co_return std::move(ended).error();
    co_return done;
  }

  /// `execute`, with its result where the caller wants it: no frame between the caller's and the
  /// driver's. `done` is set on success.
  virtual task<result<void>> perform(runtime& rt, statement what, row_sink* rows,
                                     statement_result& done, deadline until) = 0;

  /// Begins one statement whose rows are fetched by and by; the rules of `execute`. The server's
  /// own refusal may come with the first `fetch` only.
  virtual task<result<cursor_ptr>> open_rows(runtime& rt, statement what, deadline until) = 0;

  /// Several statements in one text, without parameters or results.
  virtual task<result<void>> script(runtime& rt, std::string_view sql, deadline until) = 0;

  virtual task<result<void>> begin(runtime& rt, begin_options how, deadline until) = 0;
  /// Ends the transaction. An error's `effect` tells the truth: `none` (known not committed) or
  /// `unknown` (the reply was lost: phase commit_in_flight). Only the engine's own word that it
  /// committed is success.
  virtual task<result<void>> commit(runtime& rt, deadline until) = 0;
  virtual task<result<void>> rollback(runtime& rt, deadline until) = 0;
  virtual task<result<void>> savepoint(runtime& rt, std::uint32_t depth, deadline until) = 0;
  virtual task<result<void>> release_savepoint(runtime& rt, std::uint32_t depth,
                                               deadline until) = 0;
  virtual task<result<void>> rollback_to_savepoint(runtime& rt, std::uint32_t depth,
                                                   deadline until) = 0;

  /// Names the transaction whose `commit` was not answered, so that any session with the database
  /// can learn what became of it; empty where that cannot be had. Never a secret.
  [[nodiscard]] virtual std::string transaction_token() const { return {}; }
  /// What became of another session's transaction. Ends that session first, so that there is an
  /// answer, and gives `unknown` where there is no proof. Outside a transaction.
  virtual task<result<outcome>> settle(runtime& rt, std::string_view token, deadline until);

  /// Names this session, so that another can end it; empty where that is of no use.
  [[nodiscard]] virtual std::string session_token() const { return {}; }
  /// Ends another session whose end was not seen, so that nobody waits for what it holds. Does
  /// nothing if it is gone, or the server was restarted since. Outside a transaction.
  virtual task<result<void>> end_session(runtime&, std::string_view, deadline) {
    co_return result<void>{};
  }

  /// One cheap round trip that proves the connection.
  virtual task<result<void>> ping(runtime& rt, deadline until) = 0;

  /// What the server is, as of the last reply, where it tells without being asked; else `unknown`.
  [[nodiscard]] virtual host_role role() const noexcept { return host_role::unknown; }
  /// The same by a question, and more of it. Outside a transaction.
  virtual task<result<server_state>> examine(runtime&, deadline) { co_return server_state{}; }

  /// Makes the session as good as new for the next borrower; see `dirty`.
  virtual task<result<void>> reset(runtime& rt, deadline until) = 0;

  /// True if the borrower may have changed session state (anything but library-made
  /// BEGIN/COMMIT/ROLLBACK and plain prepared SELECT/INSERT/UPDATE/DELETE).
  [[nodiscard]] virtual bool dirty() const noexcept = 0;
  /// What was changed so far belongs to the session: from here on it counts as clean.
  virtual void mark_clean() noexcept = 0;
  [[nodiscard]] virtual transaction_status in_transaction() const noexcept = 0;

  /// False after an error that said so, or after rows that were left unread.
  [[nodiscard]] virtual bool usable() const noexcept = 0;

  /// The numeric address that the host's name led to; empty where there was no name. Never changes.
  [[nodiscard]] virtual std::string_view address() const noexcept { return {}; }

  /// The peer as "host:port" or a path, for reports.
  [[nodiscard]] virtual std::string_view peer() const noexcept = 0;

  /// Breaks whatever the connection is doing, from any thread, without blocking: `shutdown(2)` on
  /// its descriptor, or `sqlite3_interrupt`. Its user then gets an error.
  virtual void interrupt() noexcept = 0;

  /// Closes without waiting for the peer. Never fails.
  virtual void close() noexcept = 0;
};

using connection_ptr = std::unique_ptr<sql_connection>;

/// How the operation-key table is written in this engine's SQL. All statements use the engine's own
/// placeholders.
struct operation_table_sql {
  std::string create;           ///< DDL, idempotent
  std::string exists;           ///< one row iff the table is there
  std::string insert_key;       ///< (key, fingerprint)
  std::string store_result;     ///< (result JSON, key)
  std::string read_key;         ///< (key) -> fingerprint, result, tombstone(boolean)
  std::string insert_tombstone; ///< (key)
  /// (age in seconds, most rows): deletes older rows, the oldest first, and no younger one. Whoever
  /// deletes a row raises the low-water mark above it in the same transaction.
  std::string prune;
  /// (age in seconds): raises the mark, run before `prune` in its transaction; empty: the engine
  /// sees to it by itself.
  std::string raise_mark{};
  std::string low_water;       ///< -> seconds since 1970 of the mark, or no row
  std::string insert_conflict; ///< native_code of a duplicate key
  /// `error.constraint` of a duplicate key; empty: the native code says enough.
  std::string key_constraint{};
};

inline task<result<outcome>> sql_connection::settle(runtime&, std::string_view, deadline) {
  co_return make_error(errc::feature_not_supported, "this engine cannot trace a transaction");
}

/// `name` between `quote`s, each part between dots for itself; a quote in it is doubled.
[[nodiscard]] std::string quoted_identifier(std::string_view name, char quote);

/// Opens connections to one host. Thread-safe; outlives its connections.
class sql_driver {
public:
  virtual ~sql_driver() = default;

  [[nodiscard]] virtual std::string_view
  engine() const noexcept = 0; ///< "postgresql", "sqlite", "mysql"
  [[nodiscard]] virtual std::string_view host() const noexcept = 0; ///< for context and metrics

  /// The whole handshake, within the deadline: name resolution, TCP, TLS, login, session settings.
  /// `error.kind` tells what failed; a credential is read anew each time.
  virtual task<result<connection_ptr>> open(runtime& rt, deadline until) = 0;

  /// How often a connect succeeded with another credential than the one before it.
  [[nodiscard]] virtual std::uint64_t rotations() const noexcept { return 0; }

  /// Has a name that must be looked up, whose addresses may change.
  [[nodiscard]] virtual bool is_named() const noexcept { return false; }
  /// Looks the name up, besides each connect.
  virtual task<result<address_news>> look_up(runtime&, deadline) { co_return address_news{}; }

  /// True if this failed connect says that the host is down (refused, unreachable, starting), so
  /// that its pool is to be cleared; false for a wrong password or a full server.
  [[nodiscard]] virtual bool condemns_host(const error& e) const noexcept = 0;

  [[nodiscard]] virtual const operation_table_sql& operation_table() const noexcept = 0;
  /// True if `token` came from a `transaction_token` of this engine.
  [[nodiscard]] virtual bool traces(std::string_view) const noexcept { return false; }
  /// True if at most one transaction of a process can write at a time (SQLite): the facade then
  /// queues writers FIFO before `begin`.
  [[nodiscard]] virtual bool single_writer() const noexcept = 0;
  /// True if `sql` can change data, as far as the text tells; unknown text counts as a write.
  [[nodiscard]] virtual bool writes(std::string_view sql) const noexcept = 0;
  /// The parameter placeholder at a position counted from 1: "$1", "?1" or "?".
  [[nodiscard]] virtual std::string placeholder(std::uint32_t position) const = 0;
  /// A name as the engine's SQL has it; a dot parts it: "shop"."item".
  [[nodiscard]] virtual std::string quote_identifier(std::string_view name) const {
    return quoted_identifier(name, '"');
  }
  /// Most parameters in one statement, for bulk inserts.
  [[nodiscard]] virtual std::uint32_t max_parameters() const noexcept = 0;
};

} // namespace holdfast::drivers
