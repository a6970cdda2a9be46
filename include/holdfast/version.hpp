#pragma once

#include <string_view>

namespace holdfast {

/// The library's version; a test compares it with the build's.
inline constexpr std::string_view version = "0.1.0";

} // namespace holdfast
