// From a server's reply, or from a silence, to an `error`. The table is data; what decides is pure.
#pragma once

#include <holdfast/error.hpp>
#include <holdfast/runtime.hpp>

#include <cstdint>
#include <libpq-fe.h>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::drivers::postgres {

/// What one SQLSTATE (five characters), or one class (two), means.
struct error_row {
  std::string_view sqlstate;
  errc code;
  category kind;
  severity level;
  advice next;
  bool ends_connection; ///< never use this connection again, whatever severity the server gave
  bool outcome_unknown; ///< the server itself does not know whether the statement took effect
  std::string_view says;
  std::string_view source; ///< whose experience the verdict is
};

[[nodiscard]] std::span<const error_row> error_table() noexcept;
/// The row of a code; else that of its class; else the last resort.
[[nodiscard]] const error_row& row_of(std::string_view sqlstate) noexcept;

/// What the client knows about the statement that failed.
struct situation {
  bool writes = true;
  bool in_block = false;          ///< inside BEGIN … COMMIT: nothing counts before COMMIT
  bool ends_block = false;        ///< its own text may commit: losing its reply loses the outcome
  bool committing = false;        ///< it is the library's COMMIT
  bool wrote_nothing = false;     ///< the block that it ends changed nothing, for certain
  bool used_cached = false;       ///< ran a statement that an earlier call had prepared
  bool server_is_standby = false; ///< the server's own word that it takes no writes
  bool opened_read_only = false;  ///< we asked for a read-only transaction ourselves
  phase when = phase::sent;       ///< how far the request got
};

/// The fields of an ErrorResponse that count.
struct server_reply {
  std::string sqlstate;
  std::string severity; ///< ERROR, FATAL, PANIC: not localised
  std::string message;
  std::string constraint;
  std::string position; ///< in characters, from 1; may be empty
};

[[nodiscard]] server_reply read_reply(const PGresult* r);

/// The server answered with an error.
[[nodiscard]] error answered_error(const server_reply& reply, const situation& s);

/// A 25006 turned into what it means once the server has said that it takes no writes.
[[nodiscard]] error read_only_server_error(error answered);

/// The connection ended without an answer. `last_words` is the SQLSTATE of a FATAL notice that came
/// before, or empty; `native` libpq's text.
[[nodiscard]] error lost_error(std::string_view last_words, std::string native, const situation& s);

/// The deadline passed or the caller cancelled before the answer came.
[[nodiscard]] error unanswered_error(wait_status status, const situation& s);

/// The kinds of error after which a statement that was prepared earlier is worth preparing anew.
[[nodiscard]] bool means_stale_statement(std::string_view sqlstate) noexcept;

/// An error that costs nothing: the connection and the transaction go on.
[[nodiscard]] error refusal(errc code, std::string message);

} // namespace holdfast::drivers::postgres
