#include <holdfast/host_role.hpp>

namespace holdfast {

std::string_view to_string(host_role r) noexcept {
  switch (r) {
  case host_role::primary: return "primary";
  case host_role::replica: return "replica";
  case host_role::read_only: return "read_only";
  case host_role::unknown: break;
  }
  return "unknown";
}

} // namespace holdfast
