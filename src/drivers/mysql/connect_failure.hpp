// Why a connect failed: from the library's number, and from its text where the number says too
// little. Those texts are the library's own, in one language and one form.
#pragma once

#include "drivers/connect_errors.hpp"

#include <holdfast/error.hpp>

#include <string>
#include <string_view>

namespace holdfast::drivers::mysql {

struct connect_failure {
  connect_step step = connect_step::tcp;
  unsigned number = 0; ///< mysql_errno
  std::string text{};  ///< mysql_error
};

/// Always with effect none and an unusable connection. Messages name peer, database and user, never
/// a password.
[[nodiscard]] error connect_error(const connect_failure& f, const connect_target& to);

/// The system's number in "Can't connect to server on '10.0.0.1' (111)"; 0 if there is none.
[[nodiscard]] int errno_in(std::string_view text) noexcept;

/// What the text of a failed handshake says of the server's TLS.
[[nodiscard]] tls_finding tls_finding_in(std::string_view text) noexcept;

} // namespace holdfast::drivers::mysql
