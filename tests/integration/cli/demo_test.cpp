// The demo, as a user runs it, only shorter.
#include "integration/cli/program.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/postgres.hpp>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string canary = "canary52be08";

/// Exactly one object on one line.
boost::json::object only_object(const std::string& out) {
  EXPECT_EQ(out.find('\n'), out.size() - 1);
  return boost::json::parse(out).as_object();
}

std::int64_t number(const boost::json::object& o, std::string_view key) {
  return o.at(key).to_number<std::int64_t>();
}

std::int64_t faults_of(const boost::json::object& o, std::string_view kind) {
  std::int64_t count = 0;
  for (const auto& f : o.at("faults").as_array()) {
    EXPECT_TRUE(f.at("recovery_ms").is_number()) << f;
    if (f.at("kind").as_string() == kind) ++count;
  }
  return count;
}

void expect_right(const boost::json::object& o) {
  EXPECT_TRUE(o.at("ok").as_bool()) << boost::json::serialize(o);
  for (const char* key : {"lost", "doubled", "unknown", "contradicted"})
    EXPECT_EQ(number(o, key), 0) << key;
  EXPECT_EQ(number(o, "operations"), number(o, "succeeded") + number(o, "failed"));
  EXPECT_GT(number(o, "acknowledged"), 0);
  EXPECT_GT(number(o, "rolled_back"), 0);
}

TEST(demo, on_sqlite_survives_a_killed_writer_and_leaves_nothing_behind) {
  const folder temporary;
  const ran r = holdfast("demo --json --seconds 3 --callers 16", "TMPDIR=" + temporary.path());
  EXPECT_EQ(r.code, 0) << r.err;
  const auto o = only_object(r.out);
  expect_right(o);
  EXPECT_EQ(o.at("engine").as_string(), "sqlite");
  EXPECT_GE(faults_of(o, "writer_killed"), 1);
  EXPECT_GE(faults_of(o, "lock_burst"), 1);
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
}

TEST(demo, interrupted_it_still_checks_its_books_and_cleans_up) {
  const folder temporary;
  const ran r = holdfast("demo --json --seconds 600 --callers 16",
                         "TMPDIR=" + temporary.path() + " timeout --preserve-status -s INT 3");
  const auto o = only_object(r.out);
  EXPECT_TRUE(o.at("interrupted").as_bool());
  EXPECT_EQ(number(o, "lost") + number(o, "doubled") + number(o, "unknown"), 0);
  EXPECT_EQ(r.code, o.at("ok").as_bool() ? 0 : 1);
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
}

TEST(demo, on_postgres_survives_two_kills_of_the_server) {
  const ran r = holdfast("demo postgres --json --seconds 4");
  EXPECT_EQ(r.code, 0) << r.err;
  const auto o = only_object(r.out);
  expect_right(o);
  EXPECT_GE(faults_of(o, "server_killed"), 2);
  EXPECT_GT(number(o, "retried"), 0);
}

TEST(demo, on_mysql_survives_two_kills_of_the_server) {
  const ran r = holdfast("demo mysql --json --seconds 5");
  EXPECT_EQ(r.code, 0) << r.err;
  const auto o = only_object(r.out);
  expect_right(o);
  EXPECT_EQ(o.at("engine").as_string(), "mysql");
  EXPECT_GE(faults_of(o, "server_killed"), 2);
  EXPECT_GT(number(o, "retried"), 0);
}

TEST(demo, on_postgres_names_six_faults_and_how_long_each_took) {
  const ran r = holdfast("demo postgres --callers 16");
  EXPECT_EQ(r.code, 0) << r.out << r.err;
  for (const char* name : {"connection cut", "cut of all connections", "server killed",
                           "server restarted", "server paused", "backend killed"}) {
    EXPECT_THAT(r.out, ContainsRegex("[0-9]+[.][0-9] s  " + std::string{name} +
                                     "( [(].*[)])?: a write ended well [0-9]+ ms after"));
    EXPECT_THAT(r.out, ContainsRegex("  " + std::string{name} + " +[0-9]+ x  median +[0-9]+ ms"));
  }
}

TEST(demo, on_a_users_server_cuts_only_its_own_connections_and_drops_its_schema) {
  testing::postgres_server server{{.password = canary}};
  server.start();
  server.wait_ready();
  database bystander = postgres::connect(
      server.url(), {.pool = {.min_size = 0, .max_size = 1}, .log = {.enabled = false}});
  const auto me = bystander.query_value<std::int32_t>("select pg_backend_pid()");
  const ran r = holdfast("demo --seconds 2 --json -v --url '" + server.url() + "'");
  EXPECT_EQ(r.code, 0) << r.err;
  const auto o = only_object(r.out);
  expect_right(o);
  EXPECT_GE(faults_of(o, "all_connections_cut"), 1);
  EXPECT_THAT(r.err, HasSubstr("pool_ready")) << "-v shows the library's log";
  EXPECT_THAT(r.out + r.err, Not(HasSubstr(canary)));
  EXPECT_EQ(bystander.query_value<std::int32_t>("select pg_backend_pid()"), me);
  EXPECT_EQ(bystander.query_value<std::int64_t>(
                "select count(*) from pg_namespace where nspname like 'holdfast_demo%'"),
            0);
}

TEST(demo, a_server_that_is_not_there_is_told_at_once) {
  const ran r = holdfast("demo --url postgresql://app@127.0.0.1:1/shop");
  EXPECT_EQ(r.code, 1);
  EXPECT_THAT(r.err, HasSubstr("connect_refused"));
}

} // namespace
} // namespace holdfast::test
