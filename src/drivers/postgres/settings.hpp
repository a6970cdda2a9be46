#pragma once

#include "drivers/host_settings.hpp"

#include <cstdint>
#include <string>

namespace holdfast::drivers::postgres {

inline constexpr std::uint16_t default_port = 5432;

/// `server`: of a Unix socket the folder. `database` empty: named like the user, as the server does
/// it.
struct settings : host_settings {
  postgres_options engine{};
};

/// "db1:5432" or "/var/run/postgresql/.s.PGSQL.5432".
[[nodiscard]] std::string peer_of(const settings&);

} // namespace holdfast::drivers::postgres
