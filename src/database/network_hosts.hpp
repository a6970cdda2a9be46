#pragma once

#include "drivers/host_settings.hpp"

#include <holdfast/config.hpp>

#include <vector>

namespace holdfast::detail {

/// What the driver of each host of a URL is given, in the order written, but for what the engine
/// alone has. Errors: invalid_configuration for a host that is named twice.
[[nodiscard]] result<std::vector<drivers::host_settings>>
network_hosts(const database_config& config);

/// The same with the engine's own options: `Settings` is a `host_settings` with an `engine`.
template <class Settings, class Options>
[[nodiscard]] result<std::vector<Settings>> network_hosts(const database_config& config,
                                                          const Options& engine) {
  auto hosts = network_hosts(config);
  if (!hosts) return std::move(hosts).error();
  std::vector<Settings> all;
  for (auto& host : *hosts) all.push_back(Settings{std::move(host), engine});
  return all;
}

} // namespace holdfast::detail
