#include "database/mysql_hosts.hpp"
#include "database/open.hpp"
#include "drivers/mysql/driver.hpp"

#include <holdfast/config.hpp>
#include <holdfast/mysql.hpp>

#include <utility>

namespace holdfast::mysql {

database connect(std::string_view url, const database_options& options) {
  return connect(to_result(examine_url(url, options)).value());
}

database connect(const database_config& config) {
  if (config.target.scheme != "mysql")
    throw_error(make_error(errc::invalid_configuration, "mysql::connect was given a URL of " +
                                                            config.target.scheme +
                                                            "; it takes mysql://…"));
  detail::driver_list drivers;
  auto hosts = detail::mysql_hosts(config).value();
  for (auto& host : hosts) drivers.push_back(drivers::mysql::make_driver(std::move(host)));
  database_options options = config.options;
  if (options.name.empty())
    options.name = config.target.database.empty() ? config.target.user : config.target.database;
  return database{detail::open_database(std::move(drivers), std::move(options)).value()};
}

} // namespace holdfast::mysql
