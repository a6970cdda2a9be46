#pragma once

#include "drivers/postgres/driver.hpp"
#include "integration/driver_client.hpp"
#include "testing/postgres_server.hpp"

#include <memory>

namespace holdfast::drivers::postgres::tests {

using namespace std::chrono_literals;
using drivers::tests::collected;
using drivers::tests::driver_client;
using drivers::tests::table_name;
using testing::postgres_server;
using testing::postgres_server_options;

/// One server for all tests of a program: starting one takes a second.
inline postgres_server& shared_server() {
  static const auto server = [] {
    auto made = std::make_unique<postgres_server>(postgres_server_options{.fsync = false});
    made->start();
    made->wait_ready();
    return made;
  }();
  return *server;
}

inline settings settings_for(const postgres_server& server) {
  settings s;
  s.server = {"127.0.0.1", server.port()};
  s.database = "postgres";
  s.credentials = [password = server.password()]() -> result<credential> {
    return credential{"postgres", secret{password}};
  };
  return s;
}

class client : public driver_client {
public:
  explicit client(settings s) : driver_client{make_driver(std::move(s))} {}
  std::int64_t pid() { return std::get<std::int64_t>(one("select pg_backend_pid()")); }
};

} // namespace holdfast::drivers::postgres::tests
