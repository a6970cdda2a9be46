#include "database/open.hpp"
#include "drivers/postgres/driver.hpp"

#include <holdfast/config.hpp>
#include <holdfast/postgres.hpp>

namespace holdfast::postgres {

namespace {

result<host_port> only_host(const connection_target& target) {
  if (target.hosts.size() > 1)
    return make_error(errc::invalid_configuration, "the URL names " +
                                                       std::to_string(target.hosts.size()) +
                                                       " hosts; this version takes one");
  host_port server{"localhost", target.port};
  if (target.hosts.empty()) return server;
  server = target.hosts.front();
  if (!server.port) server.port = target.port;
  return server;
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
  const host_port server = only_host(config.target).value();
  database_options options = config.options;
  drivers::postgres::settings s;
  s.server = server;
  s.database = config.target.database;
  s.credentials = [config, server] { return read_credential(config, server); };
  s.counts_rotations = !options.credentials.provider;
  s.tls = options.tls;
  s.application_name = options.application_name;
  s.engine = options.postgres;
  if (options.name.empty()) options.name = s.database.empty() ? config.target.user : s.database;
  auto driver = drivers::postgres::make_driver(std::move(s));
  return database{detail::open_database(std::move(driver), std::move(options)).value()};
}

} // namespace holdfast::postgres
