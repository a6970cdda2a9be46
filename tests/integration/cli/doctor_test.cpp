// holdfast doctor on real servers: what it finds, and that it leaves no trace.
#include "integration/cli/diagnosis.hpp"
#include "testing/postgres_server.hpp"
#include "testing/server_files.hpp"

#include <holdfast/full_backlog.hpp>
#include <holdfast/postgres.hpp>

#include <chrono>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<testing::postgres_server> started(testing::postgres_server_options options = {}) {
  auto made = std::make_unique<testing::postgres_server>(std::move(options));
  made->start();
  made->wait_ready();
  return made;
}

class doctor : public ::testing::Test {
protected:
  // Autovacuum would write of its own accord.
  static void SetUpTestSuite() { server = started({.settings = {"autovacuum = off"}}); }
  static void TearDownTestSuite() { server.reset(); }
  static std::string as(const std::string& who) {
    return "postgresql://" + who + "@127.0.0.1:" + std::to_string(server->port()) + "/postgres";
  }
  static std::unique_ptr<testing::postgres_server> server;
};
std::unique_ptr<testing::postgres_server> doctor::server;

TEST_F(doctor, finds_nothing_wrong_with_a_server_that_is_well) {
  const diagnosis d{server->url()};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_TRUE(d.all().at("ok").as_bool());
  EXPECT_EQ(d.checks_that_are("error"), std::vector<std::string>{});
  EXPECT_EQ(d.checks_that_are("warning"), std::vector<std::string>{});
  EXPECT_EQ(d.checks_that_are("not_tried"), std::vector<std::string>{});
  EXPECT_THAT(d["connect"].found, HasSubstr("127.0.0.1:"));
  EXPECT_THAT(d["version"].found, HasSubstr("PostgreSQL " + std::to_string(server->version())));
  EXPECT_THAT(d["role"].found, HasSubstr("primary"));
  EXPECT_THAT(d["round_trip"].found, AllOf(HasSubstr("median"), HasSubstr("of 5")));
  EXPECT_THAT(d["connections"].found,
              HasSubstr("max_connections 100 less 3 reserved = 97; in use now 0"));
}

TEST_F(doctor, prints_a_line_a_check_and_the_fix_below) {
  const ran r = holdfast("doctor --processes 9 " + server->url());
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.out, HasSubstr("127.0.0.1:" + std::to_string(server->port()) + "\n  ok "));
  EXPECT_THAT(r.out, HasSubstr("fix: Lower pool.max_size to 10 or less"));
  EXPECT_THAT(r.err, HasSubstr("1 error, 0 warnings"));
}

TEST_F(doctor, resolves_a_name_and_tells_one_that_is_not_known) {
  const std::string port = std::to_string(server->port());
  const diagnosis d{"postgresql://postgres@localhost:" + port + "/postgres"};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_THAT(d["name"].found, HasSubstr("127.0.0.1"));
  const diagnosis lost{"postgresql://app@nowhere.invalid/shop"};
  EXPECT_EQ(lost.code(), 1);
  EXPECT_EQ(lost["name"].verdict, "error");
  EXPECT_EQ(lost["login"].found, "not tried: no address");
}

TEST_F(doctor, goes_by_a_unix_socket_too) {
  const std::string folder = std::filesystem::path{server->socket_dir()}.string();
  std::string escaped;
  for (const char c : folder) escaped += c == '/' ? "%2F" : std::string(1, c);
  const diagnosis d{"postgresql://postgres@" + escaped + ":" + std::to_string(server->port()) +
                    "/postgres"};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_EQ(d["connect"].verdict, "missing");
  EXPECT_EQ(d["login"].verdict, "ok");
  EXPECT_THAT(d["tcp_keepalives"].found, HasSubstr("Unix socket"));
}

TEST_F(doctor, a_role_that_may_do_next_to_nothing_is_enough_and_nothing_is_written) {
  database boss = postgres::connect(server->url(), quiet());
  boss.script("drop role if exists guest; create role guest login connection limit 7; "
              "revoke create on schema public from public");
  const auto written = [&boss] {
    if (server->version() >= 15) boss.execute("select pg_stat_force_next_flush()");
    return boss
        .query_value<std::int64_t>("select sum(tup_inserted + tup_updated + tup_deleted)::bigint "
                                   "from pg_stat_database")
        .value();
  };
  // Whatever writes is given an id at once.
  const auto next_id = [&boss] {
    return boss.query_value<std::string>("select pg_snapshot_xmax(pg_current_snapshot())::text")
        .value();
  };
  const auto written_before = written();
  const auto id_before = next_id();
  const diagnosis d{"'" + as("guest") + "?operation_keys.enabled=true'"};
  EXPECT_EQ(next_id(), id_before);
  EXPECT_EQ(written(), written_before);
  EXPECT_EQ(d.code(), 1) << d.err();
  EXPECT_EQ(d.checks_that_are("not_tried"), std::vector<std::string>{});
  EXPECT_THAT(d["connections"].found, HasSubstr("limit of the role 7"));
  EXPECT_EQ(d["connections"].verdict, "error");
  EXPECT_EQ(d["operation_table"].verdict, "error");
  EXPECT_THAT(d["operation_table"].found, HasSubstr("may not make it"));
  EXPECT_FALSE(
      boss.query_value<bool>("select to_regclass('holdfast_operation') is not null").value());
}

TEST_F(doctor, warnings_are_success_unless_asked_to_be_strict) {
  const std::string url = "'" + server->url() + "?postgres.options=-c%20statement_timeout%3D5s'";
  const diagnosis d{url};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_EQ(d.checks_that_are("warning"), std::vector<std::string>{"statement_timeout"});
  EXPECT_EQ(diagnosis{"--strict " + url}.code(), 3);
  EXPECT_EQ(diagnosis{"--strict " + server->url()}.code(), 0);
}

TEST_F(doctor, bad_usage_is_2) {
  EXPECT_EQ(holdfast("doctor --timeout 5 sqlite:x").code, 2);
  EXPECT_EQ(holdfast("doctor --processes 0 sqlite:x").code, 2);
  EXPECT_EQ(holdfast("doctor redis://app@db/0").code, 2);
  EXPECT_EQ(holdfast("doctor '" + server->url() + "?pool.max_size=0'").code, 2);
}

TEST_F(doctor, settings_of_the_server_that_do_not_fit_ours_are_told) {
  const auto odd = started(
      {.max_connections = 12,
       .fsync = false,
       .settings = {"idle_session_timeout = '30s'", "idle_in_transaction_session_timeout = '10s'",
                    "statement_timeout = '4s'", "lock_timeout = '5s'", "full_page_writes = off",
                    "synchronous_commit = off", "password_encryption = md5"}});
  const diagnosis d{odd->url()};
  EXPECT_EQ(d.code(), 1) << d.err();
  EXPECT_EQ(d.checks_that_are("error"), std::vector<std::string>{"connections"});
  EXPECT_THAT(d["connections"].fix, HasSubstr("to 9 or less"));
  EXPECT_EQ(d.checks_that_are("warning"),
            (std::vector<std::string>{"synchronous_commit", "statement_timeout", "lock_timeout",
                                      "idle_in_transaction_session_timeout", "idle_session_timeout",
                                      "fsync", "full_page_writes", "password_encryption"}));
  EXPECT_THAT(d["idle_session_timeout"].fix, HasSubstr("below 30 s"));
}

TEST_F(doctor, a_certificate_has_its_days_counted) {
  const auto locked = started({.password = canary, .tls = testing::server_tls::valid});
  const std::string options =
      "'?tls.mode=verify_full&tls.ca_file=" + locked->ca_file().string() + "'";
  const std::string url = locked->url() + options;
  locked->renew_certificate(24h * 10 + 1h);
  const auto until = std::chrono::steady_clock::now() + 20s;
  diagnosis d{"", "HOLDFAST_URL=" + url}; // a moment passes until the server has it
  while (d["certificate"].verdict != "warning" && std::chrono::steady_clock::now() < until)
    d = diagnosis{"", "HOLDFAST_URL=" + url};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_THAT(d["tls"].found, AllOf(HasSubstr("TLSv1.3"), HasSubstr("verify_full")));
  EXPECT_THAT(d["certificate"].found, HasSubstr("expires in 10 days, on 20"));

  const diagnosis loose{"", "HOLDFAST_URL=" + locked->url() + "'?tls.mode=require'"};
  EXPECT_EQ(loose["tls"].verdict, "warning");

  locked->renew_certificate(-1h);
  do d = diagnosis{"", "HOLDFAST_URL=" + url};
  while (d.code() == 0 && std::chrono::steady_clock::now() < until);
  EXPECT_EQ(d["certificate"].verdict, "error");
  EXPECT_EQ(d["login"].found, "not tried: no TLS");
}

TEST_F(doctor, a_closed_port_and_a_wrong_password_are_rows_and_no_crash) {
  const diagnosis closed{"postgresql://app@127.0.0.1:" + std::to_string(testing::free_port()) +
                         "/shop"};
  EXPECT_EQ(closed.code(), 1);
  EXPECT_EQ(closed["connect"].verdict, "error");
  EXPECT_THAT(closed["connect"].found, HasSubstr("connect_refused"));
  EXPECT_EQ(closed["login"].found, "not tried: no connection");
  EXPECT_EQ(closed["operation_table"].found, "not tried: no connection");

  const auto locked = started({.password = canary + "right"});
  std::string url = locked->url();
  url.replace(url.find("right"), 5, "wrong");
  const diagnosis wrong{"", "HOLDFAST_URL='" + url + "'"};
  EXPECT_EQ(wrong.code(), 1);
  EXPECT_EQ(wrong["connect"].verdict, "ok");
  EXPECT_EQ(wrong["login"].verdict, "error");
  EXPECT_THAT(wrong["login"].found, HasSubstr("authentication_failed"));
  EXPECT_EQ(wrong["clock"].found, "not tried: no login");
  const ran shown = holdfast("doctor", "HOLDFAST_URL='" + url + "'");
  EXPECT_THAT(shown.out + shown.err, Not(HasSubstr(canary)));
}

TEST_F(doctor, a_server_that_falls_silent_ends_with_the_timeout_while_others_are_looked_at) {
  const auto frozen = started();
  frozen->pause();
  const std::string there = "127.0.0.1:" + std::to_string(server->port());
  const std::string silent = "127.0.0.1:" + std::to_string(frozen->port());
  const auto began = std::chrono::steady_clock::now();
  const diagnosis d{"--timeout 2s postgresql://postgres@" + silent + "," + there + "/postgres"};
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  frozen->resume();
  EXPECT_EQ(d.code(), 1);
  EXPECT_EQ(d.of(silent, "connect").verdict, "ok"); // by the kernel
  EXPECT_EQ(d.of(silent, "login").verdict, "error");
  EXPECT_THAT(d.of(silent, "login").found, HasSubstr("connect_timeout"));
  EXPECT_EQ(d.of(there, "login").verdict, "ok");
  EXPECT_EQ(d.of(there, "operation_table").verdict, "ok");
  EXPECT_THAT(d["hosts"].found, HasSubstr("1 of 2 take writes, 1 could not be asked"));
}

TEST_F(doctor, an_address_that_swallows_what_comes_is_told_in_time) {
  const full_backlog hole;
  const std::string there = "127.0.0.1:" + std::to_string(hole.port());
  const auto began = std::chrono::steady_clock::now();
  const diagnosis d{"--timeout 1s postgresql://app@" + there + "/shop"};
  EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
  EXPECT_EQ(d.code(), 1);
  EXPECT_EQ(d["connect"].verdict, "error");
  EXPECT_THAT(d["connect"].found, HasSubstr("connect_timeout"));
  EXPECT_EQ(d["login"].found, "not tried: no connection");
}

TEST_F(doctor, among_several_hosts_each_has_its_role) {
  testing::postgres_server standby{*server, {}};
  standby.start();
  standby.wait_ready();
  const std::string first = "127.0.0.1:" + std::to_string(server->port());
  const std::string second = "127.0.0.1:" + std::to_string(standby.port());
  const diagnosis d{"postgresql://postgres@" + first + "," + second + "/postgres"};
  EXPECT_EQ(d.code(), 0) << d.err();
  EXPECT_THAT(d.of(first, "role").found, HasSubstr("primary; 1 standby"));
  EXPECT_THAT(d.of(second, "role").found, HasSubstr("standby: takes no writes"));
  EXPECT_EQ(d.of(second, "role").verdict, "ok");
  EXPECT_EQ(d.of(first, "synchronous_commit").verdict, "warning"); // a failover may lose commits
  EXPECT_THAT(d["hosts"].found, HasSubstr("1 of 2 take writes"));

  const diagnosis alone{"postgresql://postgres@" + second + "/postgres"};
  EXPECT_EQ(alone["role"].verdict, "warning");
  EXPECT_EQ(alone.checks_that_are("not_tried"), std::vector<std::string>{});
}

} // namespace
} // namespace holdfast::test
