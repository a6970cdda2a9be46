#include "database/open.hpp"
#include "database/postgres_hosts.hpp"
#include "drivers/postgres/driver.hpp"

#include <holdfast/config.hpp>
#include <holdfast/postgres.hpp>

#include <utility>

namespace holdfast::postgres {

database connect(std::string_view url, const database_options& options) {
  return connect(to_result(examine_url(url, options)).value());
}

database connect(const database_config& config) {
  if (config.target.scheme != "postgresql")
    throw_error(make_error(errc::invalid_configuration, "postgres::connect was given a URL of " +
                                                            config.target.scheme +
                                                            "; it takes postgresql://…"));
  detail::driver_list drivers;
  auto hosts = detail::postgres_hosts(config).value();
  for (auto& host : hosts) drivers.push_back(drivers::postgres::make_driver(std::move(host)));
  database_options options = config.options;
  if (options.name.empty())
    options.name = config.target.database.empty() ? config.target.user : config.target.database;
  return database{detail::open_database(std::move(drivers), std::move(options)).value()};
}

} // namespace holdfast::postgres
