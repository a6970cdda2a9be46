#pragma once

#include "integration/mysql/fixture.hpp"

namespace holdfast::drivers::mysql::tests {

inline constexpr const char* canary = "canary-hunter2";

inline mariadb_server& locked_server() {
  static const auto server = [] {
    auto made = std::make_unique<mariadb_server>(mariadb_server_options{
        .password = canary, .tls = testing::server_tls::valid, .fsync = false});
    made->start();
    made->wait_ready();
    return made;
  }();
  return *server;
}

inline settings as(settings s, std::string user, std::string password) {
  s.credentials = [user, password]() -> result<credential> {
    return credential{user, secret{password}};
  };
  return s;
}

inline error failure(const settings& s, duration limit = 5s) {
  auto opened = client{s}.open(limit);
  if (opened) {
    ADD_FAILURE() << "it was let in";
    return make_error(errc::internal_error, "");
  }
  const error& e = opened.error();
  EXPECT_EQ(to_string(e).find(canary), std::string::npos);
  EXPECT_EQ(e.native_message.find(canary), std::string::npos);
  EXPECT_EQ(e.effect, side_effect::none);
  EXPECT_EQ(e.when, phase::not_sent);
  EXPECT_FALSE(e.connection_usable);
  return e;
}

inline bool says(const error& e, std::string_view part) {
  return e.message.find(part) != std::string::npos;
}

} // namespace holdfast::drivers::mysql::tests
