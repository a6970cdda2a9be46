#include "database/network_hosts.hpp"

#include <algorithm>

namespace holdfast::detail {

namespace {

drivers::host_settings settings_of(const database_config& config, const host_port& server) {
  drivers::host_settings s;
  s.server = server;
  s.database = config.target.database;
  s.credentials = [config, server] { return read_credential(config, server); };
  s.counts_rotations = !config.options.credentials.provider;
  s.tls = config.options.tls;
  s.application_name = config.options.application_name;
  s.resolver = config.options.hosts.resolver;
  return s;
}

} // namespace

result<std::vector<drivers::host_settings>> network_hosts(const database_config& config) {
  const connection_target& target = config.target;
  std::vector<host_port> hosts = target.hosts;
  if (hosts.empty()) hosts.push_back({"localhost", target.port});
  std::vector<drivers::host_settings> all;
  for (host_port& h : hosts) {
    if (!h.port) h.port = target.port;
    // Twice the same would be asked, counted and pooled twice.
    if (std::ranges::count(hosts, h) > 1)
      return make_error(errc::invalid_configuration,
                        "the URL names the host " + to_string(h) + " twice");
    all.push_back(settings_of(config, h));
  }
  return all;
}

} // namespace holdfast::detail
