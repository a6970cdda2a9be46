// How an engine's `connect` makes a database of its drivers and options.
#pragma once

#include "database/database_core.hpp"

#include <holdfast/config.hpp>
#include <holdfast/database.hpp>

namespace holdfast::detail {

using driver_list = std::vector<std::shared_ptr<drivers::sql_driver>>;

/// Starts the service thread, opens, and on an error leaves nothing behind. A driver for each host,
/// at least one. `events` sees every event beside the log, the metrics and the history; may be
/// null. Errors: invalid_configuration with every violation; whatever the first connect meets;
/// no_suitable_host where none of several takes writes.
[[nodiscard]] result<std::shared_ptr<database_core>>
open_database(driver_list drivers, database_options options, observer_ptr events = nullptr);

} // namespace holdfast::detail
