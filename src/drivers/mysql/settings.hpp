#pragma once

#include "drivers/host_settings.hpp"

#include <cstdint>
#include <string>

namespace holdfast::drivers::mysql {

inline constexpr std::uint16_t default_port = 3306;

/// `server`: of a Unix socket its path. `database` empty: none is chosen.
struct settings : host_settings {
  mysql_options engine{};
};

/// "db1:3306" or "/run/mysqld/mysqld.sock".
[[nodiscard]] std::string peer_of(const settings&);

} // namespace holdfast::drivers::mysql
