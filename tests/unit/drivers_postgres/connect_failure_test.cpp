#include "drivers/postgres/connect_failure.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <system_error>
#include <vector>

namespace holdfast::drivers::postgres {
namespace {

const connect_target to{"db.example.org:5432", "shop", "app"};

std::string words_for(int number) { return std::generic_category().message(number); }

error failed_login(std::string_view sqlstate) {
  return connect_error({connect_step::login,
                        "connection to server at \"db.example.org\" (10.0.0.1), port 5432 failed: "
                        "FATAL:  " +
                            std::string{sqlstate} + "\n"},
                       to);
}

TEST(postgres_connect_failure, sqlstate_stands_behind_the_severity) {
  EXPECT_EQ(sqlstate_in("connection to server failed: FATAL:  28P01\n"), "28P01");
  EXPECT_EQ(sqlstate_in("FATAL:  3D000"), "3D000");
  EXPECT_EQ(sqlstate_in("first line\nFATAL:  53300\nlast line\n"), "53300");
  EXPECT_EQ(sqlstate_in("FATALE:  57P03\n"), "57P03"); // a severity in another language
  for (const auto* none : {"", "\n", "28P01", "FATAL: 28P01", "FATAL:  28p01", "FATAL:  28P0",
                           "FATAL:  password authentication failed", "port:  54321x"})
    EXPECT_EQ(sqlstate_in(none), "") << none;
}

TEST(postgres_connect_failure, errno_is_known_by_the_systems_words) {
  for (const int number : {ECONNREFUSED, ENOENT, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, ECONNRESET})
    EXPECT_EQ(errno_in("could not connect: " + words_for(number) + "\n\tIs it running?"), number);
  EXPECT_EQ(errno_in("SSL error: unexpected eof"), 0);
}

TEST(postgres_connect_failure, steps_of_libpq) {
  EXPECT_EQ(step_of(CONNECTION_NEEDED), connect_step::tcp);
  EXPECT_EQ(step_of(CONNECTION_STARTED), connect_step::tcp);
  EXPECT_EQ(step_of(CONNECTION_SSL_STARTUP), connect_step::tls);
  EXPECT_EQ(step_of(CONNECTION_MADE), connect_step::login);
  EXPECT_EQ(step_of(CONNECTION_AWAITING_RESPONSE), connect_step::login);
  EXPECT_EQ(step_of(CONNECTION_AUTH_OK), connect_step::login);
}

struct failure_case {
  connect_failure given;
  errc code;
  category kind;
  std::string_view says;
  bool condemns;
};

connect_failure tcp(int number) { return {connect_step::tcp, words_for(number)}; }
connect_failure login(std::string_view state) {
  return {connect_step::login, "FATAL:  " + std::string{state} + "\n"};
}

TEST(postgres_connect_failure, each_cause_has_its_own_sentence) {
  const std::vector<failure_case> causes{
      {tcp(ECONNREFUSED), errc::connect_refused, category::connection, "nothing listens at", true},
      {tcp(ENOENT), errc::connect_refused, category::connection, "there is no server socket", true},
      {tcp(ETIMEDOUT), errc::connect_timeout, category::connection, "the system gave up", true},
      {tcp(ECONNRESET), errc::connection_lost, category::connection, "cut the connection", true},
      {tcp(EHOSTUNREACH), errc::host_unreachable, category::connection, "No route", true},
      {tcp(ENETUNREACH), errc::host_unreachable, category::connection, "Network", true},
      {tcp(EACCES), errc::host_unreachable, category::connection, "Permission", true},
      {{connect_step::tcp, "?"}, errc::host_unreachable, category::connection, "reached", true},
      {{connect_step::tls, "SSL error"}, errc::tls_failed, category::connection, "no TLS", false},
      {{connect_step::login, "eof"}, errc::connection_lost, category::connection, "ended", true},
      {{connect_step::login, "fe_sendauth", true},
       errc::authentication_failed,
       category::auth,
       "none was given",
       false},
      {login("28P01"), errc::authentication_failed, category::auth,
       "refused the password of user \"app\"", false},
      {login("28000"), errc::authentication_failed, category::auth,
       "does not let user \"app\" into database \"shop\"", false},
      {login("3D000"), errc::unknown_database, category::request, "has no database \"shop\"",
       false},
      {login("42501"), errc::permission_denied, category::permission, "may not connect", false},
      {login("53300"), errc::too_many_connections, category::overload, "no free connection", false},
      {login("57P03"), errc::server_starting, category::connection, "starting or stopping", true},
      {login("57P01"), errc::connection_lost, category::connection, "shutting down", true},
      {login("42704"), errc::invalid_configuration, category::configuration, "postgres.options",
       false},
      {login("22023"), errc::invalid_configuration, category::configuration, "postgres.options",
       false},
      {login("08P01"), errc::protocol_violation, category::protocol, "protocol", false},
  };
  std::set<std::string> sentences;
  for (const auto& k : causes) {
    const auto e = connect_error(k.given, to);
    EXPECT_EQ(e.code, k.code) << e.message;
    EXPECT_EQ(e.kind, k.kind) << e.message;
    EXPECT_NE(e.message.find(k.says), std::string::npos) << e.message;
    EXPECT_NE(e.message.find(to.peer), std::string::npos) << e.message;
    EXPECT_EQ(e.effect, side_effect::none);
    EXPECT_EQ(e.when, phase::not_sent);
    EXPECT_FALSE(e.connection_usable);
    EXPECT_EQ(e.native_message, k.given.text);
    EXPECT_EQ(says_host_is_down(e), k.condemns) << e.message;
    const bool first = sentences.insert(e.message).second;
    EXPECT_TRUE(first || k.code == errc::invalid_configuration) << e.message;
  }
}

TEST(postgres_connect_failure, login_errors_carry_the_sqlstate) {
  EXPECT_EQ(failed_login("28P01").native_code, "28P01");
  EXPECT_EQ(failed_login("42704").native_code, "42704");
  EXPECT_EQ(failed_login("53300").next, advice::back_off);
}

TEST(postgres_connect_failure,
     a_name_without_address_condemns_the_host_and_our_own_mistake_does_not) {
  EXPECT_TRUE(says_host_is_down(make_error(errc::name_not_resolved, "")));
  for (const auto code : {errc::invalid_configuration, errc::cancelled, errc::too_many_connections,
                          errc::out_of_memory, errc::unknown_database})
    EXPECT_FALSE(says_host_is_down(make_error(code, ""))) << to_string(code);
}

TEST(postgres_connect_failure, timeouts_name_the_step) {
  std::set<std::string> sentences;
  for (const auto step : {connect_step::tcp, connect_step::tls, connect_step::login}) {
    const auto e = connect_timeout_error(step, to);
    EXPECT_EQ(e.code, errc::connect_timeout);
    EXPECT_FALSE(e.connection_usable);
    EXPECT_TRUE(says_host_is_down(e));
    EXPECT_NE(e.message.find(to.peer), std::string::npos);
    EXPECT_TRUE(sentences.insert(e.message).second) << e.message;
  }
}

TEST(postgres_connect_failure, tls_findings) {
  struct finding {
    tls_finding found;
    errc code;
    bool condemns;
  };
  std::set<std::string> sentences;
  for (const auto& k : std::vector<finding>{
           {tls_finding::expired, errc::certificate_expired, false},
           {tls_finding::not_yet_valid, errc::certificate_expired, false},
           {tls_finding::untrusted, errc::certificate_untrusted, false},
           {tls_finding::wrong_name, errc::certificate_mismatch, false},
           {tls_finding::not_offered, errc::tls_failed, false},
           {tls_finding::handshake_failed, errc::tls_failed, false},
           {tls_finding::unreachable, errc::connection_lost, true},
       }) {
    const auto e = tls_error(k.found, to);
    EXPECT_EQ(e.code, k.code) << e.message;
    EXPECT_EQ(says_host_is_down(e), k.condemns) << e.message;
    EXPECT_FALSE(e.connection_usable);
    EXPECT_NE(e.message.find(to.peer), std::string::npos) << e.message;
    EXPECT_TRUE(sentences.insert(e.message).second) << e.message;
  }
}

} // namespace
} // namespace holdfast::drivers::postgres
