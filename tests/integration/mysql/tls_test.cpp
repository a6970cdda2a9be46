// TLS: who is trusted, and what is said of who is not.
#include "integration/mysql/connect_fixture.hpp"

#include <openssl/err.h>

namespace holdfast::drivers::mysql::tests {
namespace {

TEST(mysql_tls, verified_in_full) {
  auto s = settings_for(locked_server());
  s.tls = {.mode = tls_mode::verify_full, .ca_file = locked_server().ca_file().string()};
  for (const char* host : {"127.0.0.1", "localhost"}) {
    s.server.host = host;
    client c{s};
    EXPECT_FALSE(
        std::get<std::string>(c.query("show status like 'Ssl_cipher'").rows[0][1]).empty());
    // Rows that fill many TLS records: what OpenSSL holds back is not forgotten.
    const auto text = c.one("select repeat('x', 5000000)");
    EXPECT_EQ(std::get<std::string>(text).size(), 5'000'000U);
    EXPECT_EQ(c.query("select repeat('y', 3000) from seq_1_to_2000").rows.size(), 2000U);
    const std::string sent(5'000'000, 'z');
    EXPECT_EQ(std::get<std::string>(c.one("select ?", {value{sent}})), sent);
  }
}

TEST(mysql_tls, errors_that_others_left_in_the_thread_are_not_ours) {
  auto s = settings_for(locked_server());
  s.tls = {.mode = tls_mode::verify_full, .ca_file = locked_server().ca_file().string()};
  client c{s};
  for (int i = 0; i < 3; ++i) { // the login, the first time
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    EXPECT_EQ(c.query("select sleep(0.02)").rows.size(), 1U);
  }
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  EXPECT_TRUE(c.begin());
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  EXPECT_TRUE(c.commit());
  ERR_clear_error();
}

TEST(mysql_tls, from_an_unknown_authority) {
  auto s = settings_for(locked_server());
  s.tls.mode = tls_mode::verify_full; // the system's authorities
  EXPECT_EQ(failure(s).code, errc::certificate_untrusted);
}

TEST(mysql_tls, for_another_name) {
  mariadb_server other{{.tls = testing::server_tls::valid, .addresses = "127.0.0.2"}};
  other.start();
  other.wait_ready();
  auto s = settings_for(other);
  s.server.host = "127.0.0.2";
  s.tls = {.mode = tls_mode::verify_full, .ca_file = other.ca_file().string()};
  EXPECT_EQ(failure(s).code, errc::certificate_mismatch);
  s.tls.mode = tls_mode::verify_ca;
  const auto by_authority = client{s}.open();
  EXPECT_TRUE(by_authority) << to_string(by_authority.error())
                            << by_authority.error().native_message;
  // A name that leads there and that the certificate gives.
  s.tls.mode = tls_mode::verify_full;
  s.server.host = "localhost";
  s.resolver = [](const std::string&) { return std::vector<std::string>{"127.0.0.2"}; };
  EXPECT_TRUE(client{s}.open());
  s.server.host = "db.example.org";
  EXPECT_EQ(failure(s).code, errc::certificate_mismatch);
}

TEST(mysql_tls, not_offered) {
  for (const auto mode : {tls_mode::require, tls_mode::verify_ca, tls_mode::verify_full}) {
    auto s = settings_for(shared_server());
    s.tls = {.mode = mode, .ca_file = locked_server().ca_file().string()};
    const auto e = failure(s);
    EXPECT_EQ(e.code, errc::tls_failed);
    EXPECT_TRUE(says(e, "does not offer TLS")) << e.message;
  }
}

TEST(mysql_tls, required_of_whoever_answers) {
  auto s = settings_for(locked_server());
  s.tls.mode = tls_mode::require;
  client c{s};
  EXPECT_FALSE(std::get<std::string>(c.query("show status like 'Ssl_cipher'").rows[0][1]).empty());
}

TEST(mysql_tls, expired) {
  mariadb_server old{{.tls = testing::server_tls::expired}};
  old.start();
  old.wait_ready();
  auto s = settings_for(old);
  s.tls = {.mode = tls_mode::verify_full, .ca_file = old.ca_file().string()};
  EXPECT_EQ(failure(s).code, errc::certificate_expired);
}

TEST(mysql_tls, a_plain_client_where_tls_is_required) {
  mariadb_server strict{
      {.tls = testing::server_tls::valid, .settings = {"require_secure_transport = ON"}}};
  strict.start();
  strict.wait_ready();
  const auto e = failure(settings_for(strict));
  EXPECT_EQ(e.kind, category::auth) << to_string(e);
}

TEST(mysql_tls, statements_end_at_their_deadline_there_too) {
  auto s = settings_for(locked_server());
  s.tls = {.mode = tls_mode::verify_full, .ca_file = locked_server().ca_file().string()};
  client c{s};
  (void)c.one("select 1");
  const auto began = std::chrono::steady_clock::now();
  const auto slept = c.execute("select sleep(20)", {}, nullptr, 200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().code, errc::deadline_exceeded);
}

} // namespace
} // namespace holdfast::drivers::mysql::tests
