// The names of the facade's enumerations, and small helpers of its errors.

#include <holdfast/status.hpp>

namespace holdfast {

std::string_view to_string(health h) noexcept {
  switch (h) {
  case health::healthy: return "healthy";
  case health::degraded: return "degraded";
  case health::unhealthy: break;
  }
  return "unhealthy";
}

} // namespace holdfast
