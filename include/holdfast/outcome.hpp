#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast {

/// What became of a write.
enum class outcome : std::uint8_t { committed, not_committed, unknown };

[[nodiscard]] std::string_view to_string(outcome) noexcept;

} // namespace holdfast
