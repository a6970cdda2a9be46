// For tests of connects that fail.
#pragma once

#include "integration/postgres/fixture.hpp"

namespace holdfast::drivers::postgres::tests {

inline constexpr auto canary = "canary-7f3a91";

/// It takes a password, and has a certificate of its own authority.
inline postgres_server& locked_server() {
  static const auto server = [] {
    postgres_server_options options;
    options.password = canary;
    options.fsync = false;
    options.tls = testing::server_tls::valid;
    options.max_connections = 8;
    options.settings = {"listen_addresses = '127.0.0.1,127.0.0.2'"};
    auto made = std::make_unique<postgres_server>(options);
    made->start();
    made->wait_ready();
    return made;
  }();
  return *server;
}

/// Of a connect that must fail: in time, and telling no secret.
inline error failure(settings s, duration limit = 5s) {
  client c{std::move(s)};
  const auto before = c.rt().now();
  auto opened = c.open(limit);
  EXPECT_LT(c.rt().now() - before, limit + 50ms);
  if (opened) throw std::runtime_error("the connect succeeded");
  const error& e = opened.error();
  EXPECT_EQ(e.effect, side_effect::none);
  EXPECT_FALSE(e.connection_usable);
  for (const auto& text : {e.message, e.native_message, to_string(e), user_message(e)})
    EXPECT_EQ(text.find(canary), std::string::npos) << text;
  EXPECT_FALSE(e.message.empty());
  return e;
}

} // namespace holdfast::drivers::postgres::tests
