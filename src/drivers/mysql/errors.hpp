// From a server's reply, or from a silence, to an `error`. The table is data; what decides is pure.
#pragma once

#include <holdfast/error.hpp>
#include <holdfast/runtime.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::drivers::mysql {

/// Whose numbers these are: the two have parted, and some mean one thing here and another there.
enum class flavour : std::uint8_t { mariadb, mysql };
enum class spoken_by : std::uint8_t { both, mariadb, mysql };

/// What an error takes along. An error of a statement leaves its transaction standing, and what was
/// done before counts: unlike in PostgreSQL.
enum class loss : std::uint8_t { statement, transaction, connection };

/// Whether the statement may have taken effect although an error was answered.
enum class doubt : std::uint8_t {
  none,
  at_commit, ///< only a COMMIT may have
  always,
};

/// What one errno means; 2000 to 2999 are the client library's own.
struct error_row {
  unsigned number;
  spoken_by server;
  errc code;
  category kind;
  severity level;
  advice next;
  loss takes;
  doubt leaves;
  std::string_view says;
  std::string_view source; ///< whose experience the verdict is
};

/// What the numbers of one class of SQLSTATE mean that have no row; `number` is 0.
struct class_row {
  std::string_view sqlstate; ///< its first two characters
  error_row row;
};

[[nodiscard]] std::span<const error_row> error_table() noexcept;
[[nodiscard]] std::span<const class_row> class_table() noexcept;
/// The row of a number on that server; else that of its SQLSTATE's class; else the last resort.
[[nodiscard]] const error_row& row_of(unsigned number, flavour server,
                                      std::string_view sqlstate = {}) noexcept;

/// What the client knows about the statement that failed.
struct situation {
  flavour server = flavour::mariadb;
  bool writes = true;
  bool in_block = false;            ///< inside BEGIN … COMMIT: nothing counts before COMMIT
  bool ends_block = false;          ///< its own text may commit: losing its reply loses the outcome
  bool runs_others = false;         ///< some of what it ran may stand although it failed
  bool committing = false;          ///< it is the library's COMMIT
  bool wrote_nothing = false;       ///< the block that it ends changed nothing, for certain
  bool used_cached = false;         ///< ran a statement that an earlier call had prepared
  bool waits_not = false;           ///< it said NOWAIT or SKIP LOCKED
  bool timeout_ends_block = false;  ///< innodb_rollback_on_timeout
  bool server_is_read_only = false; ///< the server's own word that it takes no writes
  bool opened_read_only = false;    ///< we asked for a read-only transaction ourselves
  phase when = phase::sent;         ///< how far the request got
};

/// An ERR packet, or what the client library reports in its place.
struct server_reply {
  unsigned number = 0;
  std::string sqlstate; ///< five characters; may be empty
  std::string message;
};

/// The server answered with an error.
[[nodiscard]] error answered_error(const server_reply& reply, const situation& s);

/// The numbers of a refused write that is worth asking the server whether it takes any.
[[nodiscard]] bool may_mean_read_only(unsigned number) noexcept;
/// 1290 names the option that forbids. While a server is being set read-only it refuses a moment
/// before its variable says so.
[[nodiscard]] bool names_read_only(const error& e) noexcept;
/// One of those turned into what it means once the server has said that it takes no writes.
[[nodiscard]] error read_only_server_error(error answered);

/// The statement failed, and the transaction that it stood in had ended before: what came before it
/// may be committed. A procedure's deadlock ends it too, and stays one.
[[nodiscard]] error ended_block_error(error answered, const situation& s);
/// What it did may stand: its effect is unknown, and nothing of it is repeated.
void mark_partly_done(error& e) noexcept;

/// The connection ended without an answer to this statement. `last_words` is the number of an ERR
/// that came unasked, or the client library's; 0: none. `native` its text.
[[nodiscard]] error lost_error(unsigned last_words, std::string native, const situation& s);

/// The deadline passed or the caller cancelled before the answer came.
[[nodiscard]] error unanswered_error(wait_status status, const situation& s);

/// The client library's numbers after which nothing more is to be had from the connection.
[[nodiscard]] bool means_lost(unsigned number) noexcept;

/// The numbers after which a statement that was prepared earlier is worth preparing anew.
[[nodiscard]] bool means_stale_statement(unsigned number) noexcept;

/// The constraint that a violation names in its text, which has no field for it; else empty. Good
/// for a report, and nothing is decided by it.
[[nodiscard]] std::string constraint_in(unsigned number, std::string_view message);

/// An error that costs nothing: the connection and the transaction go on.
[[nodiscard]] error refusal(errc code, std::string message);

} // namespace holdfast::drivers::mysql
