#include "pool_driver/output.hpp"

#include <boost/json/serialize.hpp>
#include <cstdio>

namespace holdfast::pool_driver {

void output::line(const boost::json::object& o) {
  const std::string text = boost::json::serialize(o) + '\n';
  const std::lock_guard lock{mutex_};
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void event_printer::on_event(const event& e) noexcept {
  boost::json::object o{{"event", to_string(e.kind)}};
  if (e.kind == event_kind::pool_cleared)
    o["interrupt"] = e.reason == event_reason::interrupted;
  else if (e.reason != event_reason::none)
    o["reason"] = to_string(e.reason);
  if (e.connection != 0) o["connection"] = e.connection;
  out_.line(o);
}

} // namespace holdfast::pool_driver
