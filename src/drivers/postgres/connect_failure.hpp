// Why a connect failed. libpq gives a text and nothing else, so the SQLSTATE is read from it (with
// PQERRORS_SQLSTATE the text ends in it), and what happened before the server spoke is told by the
// step and by the system's own words for errno.
#pragma once

#include "drivers/connect_errors.hpp"

#include <holdfast/error.hpp>

#include <cstdint>
#include <libpq-fe.h>
#include <string>
#include <string_view>

namespace holdfast::drivers::postgres {

/// The step that libpq is in, from PQstatus before the poll that failed.
[[nodiscard]] connect_step step_of(ConnStatusType status) noexcept;

/// The five characters at the end of a line, behind a severity in any language: "FATAL:  28P01".
[[nodiscard]] std::string_view sqlstate_in(std::string_view text) noexcept;

/// The errno whose text stands in `text`, of those that a connect can fail with; 0 if none.
[[nodiscard]] int errno_in(std::string_view text);

struct connect_failure {
  connect_step step = connect_step::tcp;
  std::string text;            ///< PQerrorMessage
  bool needs_password = false; ///< the server asked for one and none was given
};

/// Always with effect none and an unusable connection. A failure of the TLS step without more
/// knowledge is `tls_failed`. Messages name peer, database and user, never a password.
[[nodiscard]] error connect_error(const connect_failure& f, const connect_target& to);
/// libpq gave up before it opened a socket: it read a setting, perhaps of the environment, that it
/// does not take.
[[nodiscard]] error refused_settings_error(std::string text, const connect_target& to);

} // namespace holdfast::drivers::postgres
