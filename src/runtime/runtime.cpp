#include <holdfast/runtime.hpp>

namespace holdfast {

error wait_error(wait_status status, std::string_view what) {
  if (status == wait_status::cancelled)
    return make_error(errc::cancelled, "cancelled while " + std::string{what});
  return make_error(errc::deadline_exceeded, "the deadline passed while " + std::string{what});
}

} // namespace holdfast
