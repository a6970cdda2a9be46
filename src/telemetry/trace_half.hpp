// For who makes many trace ids: the lower half alone, which is the one that W3C wants random.
#pragma once

#include <holdfast/trace_id.hpp>

namespace holdfast::detail {

/// Writes the last 16 digits of `id`, whose upper half must not be all zero.
void write_lower_half(trace_id& id, std::uint64_t low) noexcept;

} // namespace holdfast::detail
