#pragma once

#include "drivers/mysql/driver.hpp"
#include "integration/driver_client.hpp"
#include "testing/mariadb_server.hpp"

#include <memory>

namespace holdfast::drivers::mysql::tests {

using namespace std::chrono_literals;
using drivers::tests::collected;
using drivers::tests::driver_client;
using drivers::tests::table_name;
using testing::mariadb_server;
using testing::mariadb_server_options;

/// One server for all tests of a program: starting one takes a second.
inline mariadb_server& shared_server() {
  static const auto server = [] {
    auto made = std::make_unique<mariadb_server>(mariadb_server_options{.fsync = false});
    made->start();
    made->wait_ready();
    return made;
  }();
  return *server;
}

inline settings settings_for(const mariadb_server& server) {
  settings s;
  s.server = {"127.0.0.1", server.port()};
  s.database = "app";
  s.credentials = [password = server.password()]() -> result<credential> {
    return credential{"app", secret{password}};
  };
  return s;
}

class client : public driver_client {
public:
  explicit client(settings s) : driver_client{make_driver(std::move(s))} {}
  std::int64_t session() { return std::get<std::int64_t>(one("select connection_id()")); }
};

} // namespace holdfast::drivers::mysql::tests
