// What the demo's faults are called, and what is said of them to somebody who sees them first.
#pragma once

#include "cli/demo/fault_log.hpp"

#include <string>
#include <vector>

namespace holdfast::cli::demo {

/// "12 lock bursts, 5 writers killed".
[[nodiscard]] std::string summary_of(const std::vector<fault>& faults);
/// "server killed"
[[nodiscard]] std::string name_of(const fault& f);
/// "kill -9 of all its processes, …"
[[nodiscard]] std::string deed_of(const fault& f);
/// "a write ended well 81 ms after it accepted again"
[[nodiscard]] std::string recovery_of(const fault& f);
/// A line a kind: how often, and how long until a write ended well again.
[[nodiscard]] std::vector<std::string> recovery_table(const std::vector<fault>& faults);

} // namespace holdfast::cli::demo
