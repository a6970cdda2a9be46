// Health in the background. It holds the host weakly and nothing else of the database: the last
// handle may go while it sleeps, on any thread.
#pragma once

#include "database/host.hpp"

#include <holdfast/options.hpp>

#include <memory>

namespace holdfast::detail {

/// Checks every `how.interval`, which must be set, and tells of thresholds, until the host is gone
/// or its pool closed.
[[nodiscard]] task<void> watch_health(std::shared_ptr<runtime> rt, std::weak_ptr<host> watched,
                                      health_options how);

} // namespace holdfast::detail
