// The table of operation keys as a program makes it, and what a role hears that may not.
#include "integration/cli/program.hpp"
#include "testing/postgres_server.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/postgres.hpp>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::test {
namespace {

using ::testing::HasSubstr;

class operation_table : public ::testing::Test {
protected:
  static void SetUpTestSuite() {
    server = std::make_unique<testing::postgres_server>(
        testing::postgres_server_options{.fsync = false});
    server->start();
    server->wait_ready();
    // As PostgreSQL 15 has it by itself; 13 and 14 let everybody make tables.
    boss().script("revoke create on schema public from public; create role guest login");
  }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override {
    boss().script("drop table if exists holdfast_operation, holdfast_operation_low_water");
  }

  static database boss() {
    database_options o;
    o.log.enabled = false;
    return postgres::connect(server->url(), o);
  }
  static std::string guest() {
    return "postgresql://guest@127.0.0.1:" + std::to_string(server->port()) + "/postgres";
  }
  static std::unique_ptr<testing::postgres_server> server;
};
std::unique_ptr<testing::postgres_server> operation_table::server;

TEST_F(operation_table, is_made_once) {
  const ran first = holdfast("operation-table " + server->url());
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, "");
  EXPECT_THAT(first.err, HasSubstr("the table for operation keys is made"));
  const ran second = holdfast("operation-table --json " + server->url());
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_THAT(second.err, HasSubstr("was there already"));
  EXPECT_FALSE(boost::json::parse(second.out).at("made").as_bool());
}

TEST_F(operation_table, what_it_prints_makes_it) {
  const ran printed = holdfast("operation-table --print " + server->url());
  EXPECT_EQ(printed.code, 0);
  EXPECT_EQ(printed.err, "");
  boss().script(sql{printed.out});
  EXPECT_THAT(holdfast("operation-table " + server->url()).err, HasSubstr("was there already"));
}

TEST_F(operation_table, print_opens_nothing) {
  EXPECT_THAT(holdfast("operation-table --print postgresql://app@nowhere.invalid/shop").out,
              HasSubstr("create table if not exists holdfast_operation"));
  const ran sqlite = holdfast("operation-table --print --json sqlite:no-such-file.db");
  EXPECT_EQ(sqlite.code, 0) << sqlite.err;
  EXPECT_NE(boost::json::parse(sqlite.out).at("ddl").as_string().find("holdfast_operation"),
            boost::json::string::npos);
}

TEST_F(operation_table, a_role_that_may_not_make_it_is_given_the_statements) {
  const ran r = holdfast("operation-table --json " + guest());
  EXPECT_EQ(r.code, 2);
  EXPECT_THAT(r.err, HasSubstr("this role may not create"));
  EXPECT_THAT(r.err, HasSubstr("create table if not exists holdfast_operation"));
  EXPECT_EQ(boost::json::parse(r.out).at("error").as_string(), "operation_table_missing");
}

TEST_F(operation_table, opening_with_keys_fails_for_that_role_and_shows_the_statements) {
  database_options o;
  o.log.enabled = false;
  o.operation_keys.enabled = true;
  try {
    (void)postgres::connect(guest(), o);
    ADD_FAILURE() << "it opened";
  } catch (const database_error& e) {
    EXPECT_EQ(e.code(), errc::operation_table_missing);
    EXPECT_THAT(std::string{e.what()}, HasSubstr("create table if not exists holdfast_operation"));
  }
  boss().script(sql{holdfast("operation-table --print " + guest()).out});
  boss().script("grant select, insert, update, delete on holdfast_operation, "
                "holdfast_operation_low_water to guest");
  auto db = postgres::connect(guest(), o);
  EXPECT_EQ(db.with({.operation_key = "one"}).execute("create temp table mine(id int)"), 0U);
}

} // namespace
} // namespace holdfast::test
