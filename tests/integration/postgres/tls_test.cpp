// TLS: who is trusted, and what is said of who is not.
#include "integration/postgres/connect_fixture.hpp"

#include <openssl/err.h>

namespace holdfast::drivers::postgres::tests {
namespace {

TEST(postgres_tls, verified_in_full) {
  auto s = settings_for(locked_server());
  s.tls = {.mode = tls_mode::verify_full, .ca_file = locked_server().ca_file().string()};
  client c{s};
  EXPECT_EQ(c.one("select ssl from pg_stat_ssl where pid = pg_backend_pid()"), value{true});
  // Rows that fill several TLS records and libpq's buffer: what OpenSSL holds back is not
  // forgotten.
  const auto text = c.one("select repeat('x', 5000000)");
  EXPECT_EQ(std::get<std::string>(text).size(), 5'000'000U);
  EXPECT_EQ(c.query("select repeat('y', 3000) from generate_series(1, 2000)").rows.size(), 2000U);
}

TEST(postgres_tls, errors_that_others_left_in_the_thread_are_not_ours) {
  auto s = settings_for(locked_server());
  s.tls = {.mode = tls_mode::verify_full, .ca_file = locked_server().ca_file().string()};
  client c{s};
  for (int i = 0; i < 3; ++i) { // the login, the first time
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    EXPECT_EQ(c.query("select pg_sleep(0.02)").rows.size(), 1U);
  }
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  EXPECT_TRUE(c.begin());
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  EXPECT_TRUE(c.commit());
  ERR_clear_error();
}

TEST(postgres_tls, from_an_unknown_authority) {
  auto s = settings_for(locked_server());
  s.tls.mode = tls_mode::verify_full; // the system's authorities
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::certificate_untrusted);
}

TEST(postgres_tls, for_another_name) {
  auto s = settings_for(locked_server());
  s.server.host = "127.0.0.2";
  s.tls = {.mode = tls_mode::verify_full, .ca_file = locked_server().ca_file().string()};
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::certificate_mismatch);
}

// 0.0.0.0 reaches this machine, and is no name that the rule knows for local.
TEST(postgres_tls, is_verified_in_full_by_default_for_other_hosts) {
  auto s = settings_for(locked_server());
  s.server.host = "0.0.0.0";
  ASSERT_EQ(s.tls.mode, tls_mode::automatic);
  EXPECT_EQ(failure(s).code, errc::certificate_untrusted);
  s.tls.ca_file = locked_server().ca_file().string();
  EXPECT_EQ(failure(s).code, errc::certificate_mismatch);
  // Never a password in the clear because the server has no TLS.
  auto plain = settings_for(shared_server());
  plain.server.host = "0.0.0.0";
  const auto e = failure(plain);
  EXPECT_EQ(e.code, errc::tls_failed);
  EXPECT_NE(e.message.find("does not offer TLS"), std::string::npos);
  s.tls = {.mode = tls_mode::verify_ca, .ca_file = s.tls.ca_file};
  EXPECT_TRUE(client{s}.open());
}

TEST(postgres_tls, not_offered) {
  auto s = settings_for(shared_server());
  s.tls.mode = tls_mode::require;
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::tls_failed);
  EXPECT_NE(e.message.find("does not offer TLS"), std::string::npos);
}

TEST(postgres_tls, expired) {
  postgres_server_options options;
  options.tls = testing::server_tls::expired;
  options.fsync = false;
  postgres_server server{options};
  server.start();
  server.wait_ready();
  auto s = settings_for(server);
  s.tls = {.mode = tls_mode::verify_full, .ca_file = server.ca_file().string()};
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::certificate_expired);
  EXPECT_NE(e.message.find("has expired"), std::string::npos);
}

TEST(postgres_tls, a_tls_file_that_is_not_there) {
  auto s = settings_for(shared_server());
  s.tls = {.mode = tls_mode::verify_full, .ca_file = "/nowhere/ca.crt"};
  const auto e = failure(s);
  EXPECT_EQ(e.code, errc::invalid_configuration);
  EXPECT_NE(e.message.find("tls.ca_file"), std::string::npos);
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
