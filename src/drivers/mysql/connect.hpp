#pragma once

#include "drivers/entrance.hpp"
#include "drivers/mysql/handles.hpp"
#include "drivers/mysql/session_name.hpp"
#include "drivers/mysql/settings.hpp"

#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <string>

namespace holdfast::drivers::mysql {

/// What a session learns of its server once.
struct session_facts {
  std::uint64_t id = 0;            ///< of the session, as KILL takes it
  std::uint64_t max_packet = 0;    ///< most bytes of one request
  bool timeout_ends_block = false; ///< innodb_rollback_on_timeout
  std::string role{};              ///< at the login; empty: none
  incarnation server{};
};

struct logged_in {
  mysql_link link;
  session_facts facts;
  std::string address; ///< numeric; empty for a socket
};

/// The whole handshake; see `enter`. It runs where it may block, but ends by the deadline: each
/// wait of the library's is ours. Errors: see connect_failure.hpp; invalid_configuration for a file
/// that cannot be read or a server of another engine; whatever the credential provider returns;
/// cancelled. `may_be_other`: see `login_request`.
[[nodiscard]] task<result<entered<logged_in>>> connect(runtime& rt, const settings& s,
                                                       deadline until, bool may_be_other = true);

/// What makes a session ours, at its beginning and after each reset: the characters of our texts,
/// one commit a statement, moments in UTC.
[[nodiscard]] std::string_view session_sql() noexcept;

} // namespace holdfast::drivers::mysql
