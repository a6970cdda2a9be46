// The COMMIT-kill cell: connections cut just before or just behind a COMMIT.
#pragma once

#include "chaos/server_ground.hpp"
#include "chaos/verdict.hpp"
#include "chaos/workload.hpp"

#include <cstdint>

namespace holdfast::matrix {

/// Cuts `kills` connections, half of them before COMMIT is forwarded and half behind it, under 16
/// callers; demands that nothing is lost, doubled or unknown. `names`: keys or ids.
[[nodiscard]] verdict run_kills(server_ground& at, naming names, std::uint32_t kills,
                                std::uint64_t seed);

} // namespace holdfast::matrix
