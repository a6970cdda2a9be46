#include "cli/open_url.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/postgres.hpp>
#include <holdfast/sqlite.hpp>

namespace holdfast::cli {

database_config read_url(const std::string& url, const database_options& over) {
  return to_result(examine_url(url, over)).value();
}

database open_config(const database_config& config) {
  if (config.target.scheme == "sqlite") return sqlite::connect(config);
  if (config.target.scheme == "postgresql") return postgres::connect(config);
  throw_error(make_error(errc::invalid_configuration,
                         "url: given the scheme " + config.target.scheme +
                             "; this version opens postgresql:// and sqlite:"));
}

} // namespace holdfast::cli
