#include "base/percent.hpp"
#include "database/open.hpp"
#include "drivers/sqlite/driver.hpp"

#include <holdfast/config.hpp>
#include <holdfast/sqlite.hpp>

namespace holdfast::sqlite {

namespace {

/// A bare path becomes a URL, so that both take the same way through the option table.
std::string as_url(std::string_view path_or_url) {
  if (path_or_url.starts_with("sqlite:")) return std::string{path_or_url};
  const std::string escaped = detail::percent_encode(path_or_url, "/:");
  return (path_or_url.starts_with('/') ? "sqlite://" : "sqlite:") + escaped;
}

/// The database in memory belongs to one connection that must not be closed for being idle or old.
void keep_one_connection(pool_options& pool) {
  pool.min_size = 1;
  pool.max_size = 1;
  pool.idle_timeout.reset();
  pool.max_lifetime.reset();
}

} // namespace

database connect(std::string_view path_or_url, const database_options& options) {
  return connect(to_result(examine_url(as_url(path_or_url), options)).value());
}

database connect(const database_config& config) {
  if (config.target.scheme != "sqlite")
    throw_error(make_error(errc::invalid_configuration, "sqlite::connect was given a URL of " +
                                                            config.target.scheme +
                                                            "; it takes a path or sqlite:…"));
  database_options options = config.options;
  const std::string& path = config.target.database;
  if (drivers::sqlite::is_memory(path)) keep_one_connection(options.pool);
  if (options.name.empty()) options.name = path;
  auto driver = drivers::sqlite::make_driver({path, options.sqlite});
  return database{detail::open_database({std::move(driver)}, std::move(options)).value()};
}

} // namespace holdfast::sqlite
