// What a user's connector did, as an error.
#include <holdfast/detail/connector_adapter.hpp>

namespace holdfast::detail {

error verb_refused(std::string_view verb) {
  auto e = make_error(errc::connection_lost, "the connector's " + std::string{verb} + " said no");
  e.connection_usable = false;
  return e;
}

error verb_threw(std::string_view verb) {
  try {
    throw;
  } catch (const database_error& thrown) {
    return thrown.details();
  } catch (const std::exception& thrown) {
    auto e = make_error(errc::user_exception, "the connector's " + std::string{verb} + " threw");
    e.native_message = thrown.what(); // may hold anything: redacted in logs
    e.connection_usable = false;
    return e;
  } catch (...) {
    return make_error(errc::user_exception,
                      "the connector's " + std::string{verb} + " threw something unknown");
  }
}

} // namespace holdfast::detail
