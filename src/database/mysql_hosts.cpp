#include "database/mysql_hosts.hpp"

#include "database/network_hosts.hpp"

namespace holdfast::detail {

result<std::vector<drivers::mysql::settings>> mysql_hosts(const database_config& config) {
  return network_hosts<drivers::mysql::settings>(config, config.options.mysql);
}

} // namespace holdfast::detail
