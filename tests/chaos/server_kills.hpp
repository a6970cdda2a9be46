// The COMMIT-kill cell with the server itself killed and restarted.
#pragma once

#include "chaos/server_ground.hpp"
#include "chaos/verdict.hpp"
#include "chaos/workload.hpp"

#include <cstdint>

namespace holdfast::matrix {

/// Kills all processes of the server `kills` times while a COMMIT is held back before it, or while
/// its reply is, and restarts it, under 16 callers. Demands that nothing is lost or doubled, and
/// that nothing is unknown: with keys at all, with ids where the server that gave the id still
/// lived when the caller was told. Throws server_error when the server does not come back.
[[nodiscard]] verdict run_server_kills(server_ground& at, naming names, std::uint32_t kills,
                                       std::uint64_t seed);

} // namespace holdfast::matrix
