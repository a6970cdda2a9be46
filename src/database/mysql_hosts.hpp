#pragma once

#include "drivers/mysql/settings.hpp"

#include <holdfast/config.hpp>

#include <vector>

namespace holdfast::detail {

/// What the driver of each host of a MySQL URL is given, in the order written.
/// Errors: invalid_configuration for a host that is named twice.
[[nodiscard]] result<std::vector<drivers::mysql::settings>>
mysql_hosts(const database_config& config);

} // namespace holdfast::detail
