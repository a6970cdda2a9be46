#pragma once

#include <cstdint>

namespace holdfast {

/// Who goes first when not everybody can. Within one priority: first come, first served.
enum class priority : std::uint8_t { critical, normal, background };

} // namespace holdfast
