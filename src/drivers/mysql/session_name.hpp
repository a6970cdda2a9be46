// The name of a session, by which another can end it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::drivers::mysql {

/// One life of one server, as far as it can be told: its sessions' ids are given out again in the
/// next one. From its uptime, so a second more or less.
struct incarnation {
  /// Its server_id, and above that a checksum of host and port: all nodes of a cluster behind one
  /// address may have the same id.
  std::uint64_t server = 0;
  std::int64_t started = 0; ///< seconds since 1970, by the server's clock
  [[nodiscard]] bool same_as(const incarnation& other) const noexcept {
    const auto apart = started - other.started;
    return server == other.server && apart >= -1 && apart <= 1;
  }
};

struct session_name {
  incarnation server{};
  std::uint64_t id = 0; ///< as KILL takes it
};

[[nodiscard]] std::string to_string(const session_name& n);
[[nodiscard]] std::optional<session_name> parse_session_name(std::string_view token);

} // namespace holdfast::drivers::mysql
