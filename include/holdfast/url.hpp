#pragma once

#include <holdfast/result.hpp>
#include <holdfast/secret.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

/// One server as a URL names it: a name, an IPv4 or IPv6 address (without brackets), or a Unix
/// socket: its folder for PostgreSQL, its path for MySQL.
struct host_port {
  std::string host{};
  std::optional<std::uint16_t> port{}; ///< empty: the engine's own

  [[nodiscard]] bool is_socket() const noexcept { return host.starts_with('/'); }
  friend bool operator==(const host_port&, const host_port&) = default;
};

/// `db1:5432`, `[::1]:5432`, `/var/run/postgresql`
[[nodiscard]] std::string to_string(const host_port&);

/// A database URL taken apart, percent-escapes decoded. Knows nothing of what parameters mean.
struct url {
  std::string scheme{}; ///< in lower case
  std::string user{};
  secret password{};
  std::vector<host_port> hosts{}; ///< in the order written; may be empty
  /// The database's name, without the leading slash; for `sqlite:` the file.
  std::string path{};
  std::vector<std::pair<std::string, secret>> parameters{}; ///< a mistyped key may hold a password
};

/// Takes apart `scheme://user:password@host1:port,[::1]:port,%2Fsocket%2Ffolder/database?key=value`
/// and `sqlite:file`, `sqlite:///absolute/file`, `sqlite::memory:`.
///
/// Rejects instead of guessing: a reserved character that is not percent-encoded, a port out of
/// range, a parameter that stands twice or has no value. Errors: invalid_configuration; messages
/// never quote what might be a part of a password.
[[nodiscard]] result<url> parse_url(std::string_view text);

/// For reports: the password as `***`, without parameters.
[[nodiscard]] std::string to_string(const url&);

} // namespace holdfast
