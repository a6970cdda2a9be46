#pragma once

#include "drivers/entrance.hpp"
#include "drivers/mysql/handles.hpp"
#include "drivers/mysql/settings.hpp"

#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <string>

namespace holdfast::drivers::mysql {

/// One life of one server, as far as it can be told: its sessions' ids are given out again in the
/// next one. From its uptime, so a second more or less.
struct incarnation {
  std::int64_t started = 0; ///< seconds since 1970, by the server's clock
  [[nodiscard]] bool same_as(const incarnation& other) const noexcept {
    const auto apart = started - other.started;
    return apart >= -1 && apart <= 1;
  }
};

/// What a session learns of its server once.
struct session_facts {
  std::uint64_t id = 0;            ///< of the session, as KILL takes it
  std::uint64_t max_packet = 0;    ///< most bytes of one request
  bool timeout_ends_block = false; ///< innodb_rollback_on_timeout
  incarnation server{};
};

struct logged_in {
  mysql_link link;
  session_facts facts;
  std::string address; ///< numeric; empty for a socket
};

/// The whole handshake; see `enter`. It runs where it may block, but ends by the deadline: each
/// wait of the library's is ours. Errors: see connect_failure.hpp; invalid_configuration for a file
/// that cannot be read; whatever the credential provider returns; cancelled.
[[nodiscard]] task<result<entered<logged_in>>> connect(runtime& rt, const settings& s,
                                                       deadline until);

/// What makes a session ours, at its beginning and after each reset: the characters of our texts,
/// one commit a statement, moments in UTC.
[[nodiscard]] std::string_view session_sql() noexcept;

} // namespace holdfast::drivers::mysql
