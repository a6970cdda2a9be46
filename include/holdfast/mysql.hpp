/// MySQL 8.0 and newer, MariaDB 10.6 and newer, through MariaDB Connector/C. With the component
/// holdfast::mysql.
#pragma once

#include <holdfast/config.hpp>
#include <holdfast/database.hpp>

#include <string_view>

namespace holdfast::mysql {

/// Connects: `mysql://user@host/database?parameter=…`, or `mariadb://…`, which is the same; a Unix
/// socket is `mysql://user@%2Frun%2Fmysqld%2Fmysqld.sock/database`. `options` stand over what the
/// URL says. Fails fast, with the reason, unless `options.start` is `lazy`.
///
/// Throws configuration_error with every violation at once and nothing opened, else a
/// database_error that says which step failed: name, connect, TLS, login.
[[nodiscard]] database connect(std::string_view url, const database_options& options = {});

/// The same from a configuration: `connect(load_config("holdfast.toml", "shop"))`.
[[nodiscard]] database connect(const database_config& config);

} // namespace holdfast::mysql
