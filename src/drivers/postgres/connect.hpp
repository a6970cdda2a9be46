#pragma once

#include "drivers/entrance.hpp"
#include "drivers/postgres/handles.hpp"
#include "drivers/postgres/settings.hpp"

#include <holdfast/result.hpp>
#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

namespace holdfast::drivers::postgres {

/// The whole handshake; see `enter`. Errors: see connect_failure.hpp; invalid_configuration for a
/// file that cannot be read; whatever the credential provider returns; cancelled.
[[nodiscard]] task<result<entered<pg_connection>>> connect(runtime& rt, const settings& s,
                                                           deadline until);

} // namespace holdfast::drivers::postgres
