// All hosts of a configuration looked at, at the same time.
#pragma once

#include "drivers/checkup.hpp"

#include <holdfast/config.hpp>

#include <string>
#include <vector>

namespace holdfast::cli {

struct host_report {
  std::string host; ///< "db1:5432" or a path; empty: what is true of all together
  drivers::findings rows;
};

/// Ends within `limit`, but for a system call that stalls. Changes nothing at any host. Throws
/// usage_error for an engine that is not there, database_error for a configuration that makes no
/// sense.
[[nodiscard]] std::vector<host_report> look_at(const database_config& config,
                                               std::uint32_t processes, duration limit);

} // namespace holdfast::cli
