#include "drivers/mysql/connect_failure.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace holdfast::drivers::mysql {
namespace {

const connect_target to{"db.example.org:3306", "shop", "app"};

error of(unsigned number, std::string text = {}) {
  return connect_error({connect_step::login, number, std::move(text)}, to);
}

TEST(mysql_connect_failure, tells_refused_from_unreachable_by_the_systems_number) {
  EXPECT_EQ(of(2002, "Can't connect to server on '10.0.0.1' (111)").code, errc::connect_refused);
  EXPECT_EQ(of(2003, "Can't connect to server on '10.0.0.1' (113)").code, errc::host_unreachable);
  EXPECT_EQ(of(2002, "Can't connect to local server through socket '/x(1)' (2)").code,
            errc::connect_refused);
  EXPECT_EQ(errno_in("no number"), 0);
}

TEST(mysql_connect_failure, a_login_that_was_refused_names_who_and_where_and_no_password) {
  const auto e = of(1045, "Access denied for user 'app'@'localhost' (using password: YES)");
  EXPECT_EQ(e.code, errc::authentication_failed);
  EXPECT_EQ(e.message, "db.example.org:3306 refused the password of user \"app\"");
  EXPECT_EQ(e.native_code, "1045");
  EXPECT_EQ(of(1049).code, errc::unknown_database);
  EXPECT_EQ(of(1044).code, errc::permission_denied);
  EXPECT_EQ(of(1040).code, errc::too_many_connections);
  for (const unsigned n : {1040U, 1044U, 1045U, 1049U, 1130U, 1203U, 2013U, 2026U, 2027U, 2059U}) {
    const auto each = of(n);
    EXPECT_EQ(each.effect, side_effect::none) << n;
    EXPECT_EQ(each.when, phase::not_sent) << n;
    EXPECT_FALSE(each.connection_usable) << n;
  }
}

TEST(mysql_connect_failure, a_server_that_wants_the_password_itself_is_not_given_it) {
  const auto e = of(5010, "Authentication plugin not allowed: mysql_clear_password");
  EXPECT_EQ(e.code, errc::authentication_failed);
  EXPECT_NE(e.message.find("over verified TLS"), std::string::npos);
}

TEST(mysql_connect_failure, what_a_server_says_before_tls_is_still_told_apart) {
  const auto e = of(2002, "Received error packet before completion of TLS handshake. The "
                          "authenticity of the following error cannot be verified: 1040 - Too many "
                          "connections");
  EXPECT_EQ(e.code, errc::too_many_connections);
}

TEST(mysql_connect_failure, certificates_have_their_sentences) {
  const auto because = [](long code) {
    return tls_finding_in(std::string{"TLS/SSL error: "} + X509_verify_cert_error_string(code));
  };
  EXPECT_EQ(because(X509_V_ERR_CERT_HAS_EXPIRED), tls_finding::expired);
  EXPECT_EQ(because(X509_V_ERR_CERT_NOT_YET_VALID), tls_finding::not_yet_valid);
  EXPECT_EQ(because(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN), tls_finding::untrusted);
  EXPECT_EQ(because(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY), tls_finding::untrusted);
  EXPECT_EQ(tls_finding_in("Validation of SSL server certificate failed"), tls_finding::wrong_name);
  EXPECT_EQ(tls_finding_in("SSL is required, but the server does not support it"),
            tls_finding::not_offered);
  EXPECT_EQ(tls_finding_in("wrong version number"), tls_finding::handshake_failed);
}

} // namespace
} // namespace holdfast::drivers::mysql
