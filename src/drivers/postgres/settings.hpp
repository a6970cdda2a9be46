#pragma once

#include <holdfast/options.hpp>
#include <holdfast/url.hpp>

#include <cstdint>
#include <string>

namespace holdfast::drivers::postgres {

inline constexpr std::uint16_t default_port = 5432;

/// One server and how to enter it. Several hosts are several drivers.
struct settings {
  host_port server{"localhost"}; ///< a name, an address, or the folder of a Unix socket
  std::string database{};        ///< empty: named like the user, as the server does it
  /// Asked at each connect, on a thread that may block. None: no user name and no password.
  credential_provider credentials{};
  /// A credential that differs from the last one is a rotation. Not where each connect gets a token
  /// of its own.
  bool counts_rotations = true;
  tls_options tls{};
  std::string application_name = "holdfast";
  postgres_options engine{};
  /// As `host_options::resolver`; none: the system's.
  std::function<result<std::vector<std::string>>(const std::string& name)> resolver{};
};

/// "db1:5432" or "/var/run/postgresql/.s.PGSQL.5432".
[[nodiscard]] std::string peer_of(const settings&);

} // namespace holdfast::drivers::postgres
