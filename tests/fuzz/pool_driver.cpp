#include "fuzz/targets.hpp"
#include "pool_driver/protocol.hpp"

#include <boost/json/parse.hpp>

namespace holdfast::fuzz {

void pool_driver_line(std::string_view input) {
  boost::system::error_code bad;
  const auto parsed = boost::json::parse({input.data(), input.size()}, bad);
  if (bad || !parsed.is_object()) return;
  try {
    const auto c = pool_driver::parse_create(parsed.get_object());
    demand(c.options.min_size <= c.options.max_size && c.options.max_size >= 1,
           "options that contradict each other are taken", input);
    demand(c.options.acquire_timeout > duration::zero(), "a wait without an end", input);
    (void)pool_driver::text_field(parsed.get_object(), "label", "");
  } catch (const pool_driver::protocol_error& e) {
    demand(!std::string_view{e.what()}.empty(), "a line is refused without a reason", input);
  }
}

std::vector<std::string> pool_driver_seeds() {
  return {
      R"({"cmd":"create","options":{"min_size":1,"max_size":3,"acquire_timeout_ms":100}})",
      R"({"options":{"max_connecting":1,"idle_timeout_ms":null,"maintenance_ms":5},"connects":[{"times":2,"fail":true},{"delay_ms":10}]})",
      R"({"options":{"min_size":5,"max_size":2}})",
      R"({"connects":{}})",
      R"({"options":[]})",
      R"({"clear_on_connect_error":1})",
      R"({"label":7})",
      R"({"options":{"max_size":1e5}})"};
}

} // namespace holdfast::fuzz
