// The names of the facade's enumerations, and small helpers of its errors.

#include <holdfast/call_options.hpp>
#include <holdfast/status.hpp>

namespace holdfast {

std::string_view to_string(outcome o) noexcept {
  switch (o) {
  case outcome::committed: return "committed";
  case outcome::not_committed: return "not_committed";
  case outcome::unknown: break;
  }
  return "unknown";
}

std::string_view to_string(health h) noexcept {
  switch (h) {
  case health::healthy: return "healthy";
  case health::degraded: return "degraded";
  case health::unhealthy: break;
  }
  return "unhealthy";
}

} // namespace holdfast
