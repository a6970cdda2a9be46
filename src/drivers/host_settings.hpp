#pragma once

#include <holdfast/options.hpp>
#include <holdfast/url.hpp>

#include <functional>
#include <string>
#include <vector>

namespace holdfast::drivers {

/// One server on a network and how to enter it, whatever its engine. Several hosts are several
/// drivers.
struct host_settings {
  host_port server{"localhost"}; ///< a name, an address, or a Unix socket
  std::string database{};        ///< empty: what the server does then
  /// Asked at each connect, on a thread that may block. None: no user name and no password.
  credential_provider credentials{};
  /// A credential that differs from the last one is a rotation. Not where each connect gets a token
  /// of its own.
  bool counts_rotations = true;
  tls_options tls{};
  std::string application_name = "holdfast";
  /// As `host_options::resolver`; none: the system's.
  std::function<result<std::vector<std::string>>(const std::string& name)> resolver{};
};

} // namespace holdfast::drivers
