// How an engine's `connect` makes a database of its driver and options.
#pragma once

#include "database/database_core.hpp"

#include <holdfast/config.hpp>
#include <holdfast/database.hpp>

namespace holdfast::detail {

/// Starts the service thread, opens, and on an error leaves nothing behind. `events` sees every
/// event beside the log, the metrics and the history; may be null. Errors: invalid_configuration
/// with every violation; whatever the first connect meets.
[[nodiscard]] result<std::shared_ptr<database_core>>
open_database(std::shared_ptr<drivers::sql_driver> driver, database_options options,
              observer_ptr events = nullptr);

} // namespace holdfast::detail
