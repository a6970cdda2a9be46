#include "database/open.hpp"

#include <holdfast/thread_runtime.hpp>

namespace holdfast::detail {

result<std::shared_ptr<database_core>> open_database(driver_list drivers, database_options options,
                                                     observer_ptr events) {
  database_parts parts;
  parts.loop = std::make_unique<service>();
  parts.background = parts.loop->background();
  std::vector<std::string> hosts;
  for (const auto& d : drivers) hosts.emplace_back(d->host());
  auto observers = make_observers(options, hosts, parts.background, std::move(events));
  if (!observers) return std::move(observers.error());
  parts.observers = std::move(*observers);
  parts.drivers = std::move(drivers);
  parts.options = std::move(options);
  thread_runtime rt{parts.background.get()};
  parts.seed = rt.random();
  auto core = std::make_shared<database_core>(std::move(parts));
  auto opened = run_inline(core->open(rt));
  if (!opened) return std::move(opened.error());
  return core;
}

} // namespace holdfast::detail
