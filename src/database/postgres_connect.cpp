#include "database/open.hpp"
#include "drivers/postgres/driver.hpp"

#include <holdfast/config.hpp>
#include <holdfast/postgres.hpp>

#include <algorithm>

namespace holdfast::postgres {

namespace {

std::vector<host_port> hosts_of(const connection_target& target) {
  std::vector<host_port> hosts = target.hosts;
  if (hosts.empty()) hosts.push_back({"localhost", target.port});
  for (host_port& h : hosts) {
    if (!h.port) h.port = target.port;
    // Twice the same would be asked, counted and pooled twice.
    if (std::ranges::count(hosts, h) > 1)
      throw_error(make_error(errc::invalid_configuration,
                             "the URL names the host " + to_string(h) + " twice"));
  }
  return hosts;
}

drivers::postgres::settings settings_of(const database_config& config, const host_port& server) {
  drivers::postgres::settings s;
  s.server = server;
  s.database = config.target.database;
  s.credentials = [config, server] { return read_credential(config, server); };
  s.counts_rotations = !config.options.credentials.provider;
  s.tls = config.options.tls;
  s.application_name = config.options.application_name;
  s.engine = config.options.postgres;
  s.resolver = config.options.hosts.resolver;
  return s;
}

} // namespace

database connect(std::string_view url, const database_options& options) {
  return connect(to_result(examine_url(url, options)).value());
}

database connect(const database_config& config) {
  if (config.target.scheme != "postgresql")
    throw_error(make_error(errc::invalid_configuration, "postgres::connect was given a URL of " +
                                                            config.target.scheme +
                                                            "; it takes postgresql://…"));
  detail::driver_list drivers;
  for (const host_port& server : hosts_of(config.target))
    drivers.push_back(drivers::postgres::make_driver(settings_of(config, server)));
  database_options options = config.options;
  if (options.name.empty())
    options.name = config.target.database.empty() ? config.target.user : config.target.database;
  return database{detail::open_database(std::move(drivers), std::move(options)).value()};
}

} // namespace holdfast::postgres
