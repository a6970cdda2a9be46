#include "database/postgres_hosts.hpp"

#include "database/network_hosts.hpp"

namespace holdfast::detail {

result<std::vector<drivers::postgres::settings>> postgres_hosts(const database_config& config) {
  return network_hosts<drivers::postgres::settings>(config, config.options.postgres);
}

} // namespace holdfast::detail
