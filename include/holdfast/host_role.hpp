// With several hosts: what each of them is, and which of them a call may go to.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast {

/// What a host says that it is. Not asked where there is only one: `unknown`.
enum class host_role : std::uint8_t {
  unknown,
  primary,   ///< takes writes
  replica,   ///< follows a primary
  read_only, ///< takes no writes by its own settings; what it follows, if anything, is not known
};

[[nodiscard]] std::string_view to_string(host_role) noexcept;

/// Where a call that only reads may go. Anything else goes to the primary, whatever this says.
enum class read : std::uint8_t {
  primary,
  replica_or_primary, ///< a replica that is fresh enough; where there is none, the primary
};

} // namespace holdfast
