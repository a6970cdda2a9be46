// holdfast doctor, wait and ping on a real MariaDB.
#include "integration/cli/diagnosis.hpp"
#include "testing/mariadb_server.hpp"

#include <chrono>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

using names = std::vector<std::string>;

std::unique_ptr<testing::mariadb_server> started(testing::mariadb_server_options options = {}) {
  auto made = std::make_unique<testing::mariadb_server>(std::move(options));
  made->start();
  made->wait_ready();
  return made;
}

TEST(doctor_of_mysql, finds_nothing_wrong_with_a_server_that_is_well) {
  const auto server = started();
  const diagnosis d{server->url()};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_EQ(d.checks_that_are("error"), names{});
  EXPECT_EQ(d.checks_that_are("warning"), names{});
  EXPECT_EQ(d.checks_that_are("not_tried"), names{});
  EXPECT_THAT(d["version"].found, HasSubstr("MariaDB 10."));
  EXPECT_THAT(d["login"].found, HasSubstr("app to app"));
  EXPECT_EQ(d["role"].found, "primary, takes writes");
  EXPECT_THAT(d["round_trip"].found, HasSubstr("of 5"));
  EXPECT_THAT(d["clock"].found, HasSubstr("the server's is"));
  EXPECT_THAT(d["connections"].found, HasSubstr("max_connections 100; in use now 0"));
  EXPECT_THAT(d["wait_timeout"].found, HasSubstr("8 h"));
  // Also who is asked for another scheme's name, and by those who only wait or ping.
  EXPECT_EQ(holdfast("doctor mariadb" + server->url().substr(5)).code, 0);
  EXPECT_EQ(holdfast("wait --timeout 10s " + server->url()).code, 0);
  EXPECT_EQ(holdfast("ping -n 2 --interval 0ms " + server->url()).code, 0);
}

TEST(doctor_of_mysql, settings_that_do_not_fit_ours_are_told) {
  const auto server =
      started({.max_connections = 12,
               .fsync = false,
               .binary_log = true,
               .settings = {"wait_timeout = 30", "idle_transaction_timeout = 10",
                            "max_statement_time = 4.5", "sql_mode = ''", "innodb_doublewrite = off",
                            "max_prepared_stmt_count = 100", "innodb_rollback_on_timeout = on"}});
  (void)server->ask("create table app.plain(a int) engine = MyISAM");
  const diagnosis d{server->url()};
  EXPECT_EQ(d.code(), 1) << d.err();
  EXPECT_EQ(d.checks_that_are("error"), names{"connections"});
  EXPECT_THAT(d["connections"].fix, HasSubstr("to 12 or less"));
  EXPECT_EQ(d.checks_that_are("warning"),
            (names{"wait_timeout", "idle_transaction_timeout", "statement_timeout", "sql_mode",
                   "max_prepared_stmt_count", "durability", "innodb_doublewrite", "engines"}));
  EXPECT_THAT(d["wait_timeout"].fix, HasSubstr("below 30 s"));
  EXPECT_THAT(d["statement_timeout"].found, HasSubstr("4.5 s"));
  EXPECT_THAT(d["innodb_rollback_on_timeout"].found, HasSubstr("ends the transaction"));
  EXPECT_THAT(d["engines"].found, HasSubstr("plain"));
}

TEST(doctor_of_mysql, a_replica_that_takes_writes_is_an_error_and_tls_is_told) {
  const auto primary = started({.fsync = false, .binary_log = true});
  testing::mariadb_server replica{*primary, {.tls = testing::server_tls::valid, .fsync = false}};
  replica.start();
  replica.wait_ready();
  replica.renew_certificate(24h * 400);
  const std::string tls = "'?tls.mode=verify_full&tls.ca_file=" + replica.ca_file().string() + "'";
  const diagnosis follows{replica.url() + tls};
  EXPECT_EQ(follows["role"].verdict, "warning");
  EXPECT_THAT(follows["role"].found, AllOf(HasSubstr("replica"), HasSubstr("takes no writes")));
  EXPECT_THAT(follows["tls"].found, AllOf(HasSubstr("TLSv1."), HasSubstr("verify_full")));
  EXPECT_EQ(follows["certificate"].verdict, "ok");
  replica.renew_certificate(24h * 10 + 1h);
  const diagnosis late{replica.url() + tls};
  EXPECT_EQ(late["certificate"].verdict, "warning");
  EXPECT_THAT(late["certificate"].found, HasSubstr("expires in 10 days, on 20"));
  (void)replica.ask("set global read_only = off");
  EXPECT_EQ(diagnosis{replica.url() + tls}["role"].verdict, "error");
}

TEST(doctor_of_mysql, whether_the_operation_table_may_be_made) {
  const auto server = started({.fsync = false});
  (void)server->ask("create user reader@'%' identified by 'r'");
  (void)server->ask("grant select, insert, update, delete on app.* to reader@'%'");
  const std::string host = "@127.0.0.1:" + std::to_string(server->port()) + "/app";
  const std::string keyed = "'?operation_keys.enabled=true'";
  EXPECT_EQ(diagnosis{server->url() + keyed}["operation_table"].verdict, "ok");
  const diagnosis d{"mysql://reader:r" + host + keyed};
  EXPECT_EQ(d["operation_table"].verdict, "error");
  EXPECT_THAT(d["operation_table"].found, HasSubstr("may not make it"));
  (void)server->ask("grant create on `ap_`.* to reader@'%'");
  EXPECT_EQ((diagnosis{"mysql://reader:r" + host + keyed}["operation_table"].verdict), "ok");
}

TEST(doctor_of_mysql, a_wrong_password_leaves_the_rest_untried) {
  const auto server = started({.password = "right"});
  const diagnosis d{"mysql://app:wrong@127.0.0.1:" + std::to_string(server->port()) + "/app"};
  EXPECT_EQ(d.code(), 1);
  EXPECT_EQ(d["login"].verdict, "error");
  EXPECT_EQ(d["sql_mode"].found, "not tried: no login");
}

} // namespace
} // namespace holdfast::test
