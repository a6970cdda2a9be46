// The places of PostgreSQL's protocol, on a real server: what was cut before COMMIT is not in
// force, what was cut behind it is.
#include "testing/postgres_server.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/fault_proxy.hpp>
#include <holdfast/postgres.hpp>

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <memory>
#include <thread>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

class postgres_faults : public ::testing::Test {
protected:
  static void SetUpTestSuite() {
    server = std::make_unique<testing::postgres_server>(
        testing::postgres_server_options{.fsync = false});
    server->start();
    server->wait_ready();
  }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override {
    direct.script("drop table if exists t; create table t(id bigint primary key)");
  }

  static database connect(std::uint16_t port, const std::string& application = "faulty") {
    database_options o;
    o.log.enabled = false;
    o.start = start_mode::lazy;
    o.pool.min_size = 0;
    o.retry.on_outage = on_outage::fail_fast;
    o.breaker.start_as = breaker_options::mode::disabled;
    return postgres::connect("postgresql://postgres@127.0.0.1:" + std::to_string(port) +
                                 "/postgres?application_name=" + application,
                             o);
  }
  bool there(int id) {
    return direct.query_value<long>("select count(*) from t where id = $1", id).value() == 1;
  }
  /// The server ends a session of its own accord; until then its work may be in the air.
  void wait_for_sessions_to_end() {
    const auto left = [&] {
      return direct
          .query_value<std::string>("select coalesce(string_agg(application_name || ' ' || state "
                                    "|| ' ' || query, ', '), '') "
                                    "from pg_stat_activity where backend_type = 'client backend' "
                                    "and application_name <> 'boss'")
          .value();
    };
    for (int i = 0; i < 1000 && !left().empty(); ++i) std::this_thread::sleep_for(2ms);
    EXPECT_EQ(left(), "");
  }
  /// Inserts in a transaction, which is to fail.
  static error insert(database& db, int id, const transaction_options& how = {}) {
    try {
      db.transaction(how, [&](transaction& tx) { tx.execute("insert into t values ($1)", id); });
    } catch (const database_error& e) {
      return e.details();
    }
    ADD_FAILURE() << "the commit was not cut";
    return {};
  }
  error commit_under(const char* rule, int id) {
    const auto number = proxy.add(rule);
    auto db = connect(proxy.port());
    const auto failure = insert(db, id);
    EXPECT_TRUE(proxy.remove(number));
    return failure;
  }

  static std::unique_ptr<testing::postgres_server> server;
  database direct = connect(server->port(), "boss");
  fault_proxy proxy{{.to = {"127.0.0.1", server->port()}}};
};

std::unique_ptr<testing::postgres_server> postgres_faults::server;

TEST_F(postgres_faults, a_connection_works_through_it) {
  auto db = connect(proxy.port());
  EXPECT_EQ(db.query_value<long>("select 41 + 1"), 42);
  EXPECT_EQ(db.query<long>("select generate_series(1, 100000)").size(), 100000U);
}

TEST_F(postgres_faults, cut_before_commit_is_forwarded_nothing_is_committed_20_times) {
  for (int id = 0; id < 20; ++id) {
    EXPECT_EQ(commit_under("reset at=before_commit times=1", id).effect, side_effect::unknown);
    wait_for_sessions_to_end();
    EXPECT_FALSE(there(id)) << id;
  }
  EXPECT_EQ(proxy.records().size(), 20U);
}

TEST_F(postgres_faults, cut_after_commit_is_forwarded_it_is_committed_20_times) {
  for (int id = 0; id < 20; ++id) {
    EXPECT_EQ(commit_under("reset at=after_commit times=1", id).effect, side_effect::unknown);
    wait_for_sessions_to_end();
    EXPECT_TRUE(there(id)) << id;
  }
  EXPECT_EQ(proxy.records().size(), 20U);
}

TEST_F(postgres_faults, a_rule_finds_the_commit_of_connections_that_were_there_before_it) {
  auto db = connect(proxy.port());
  EXPECT_EQ(db.query_value<long>("select 1"), 1);
  proxy.add("reset at=before_commit times=1");
  insert(db, 7);
  EXPECT_FALSE(there(7));
}

TEST_F(postgres_faults, an_executed_commit_is_found_too) {
  for (const bool before : {true, false}) {
    proxy.add(before ? "reset at=before_commit times=1" : "reset at=after_commit times=1");
    PGconn* c = PQconnectdb(("host=127.0.0.1 user=postgres dbname=postgres sslmode=disable "
                             "gssencmode=disable port=" +
                             std::to_string(proxy.port()))
                                .c_str());
    ASSERT_EQ(PQstatus(c), CONNECTION_OK) << PQerrorMessage(c);
    const auto run = [c](const char* sql) {
      PGresult* r = PQexecParams(c, sql, 0, nullptr, nullptr, nullptr, nullptr, 0);
      const auto status = PQresultStatus(r);
      PQclear(r);
      return status;
    };
    EXPECT_EQ(run("begin"), PGRES_COMMAND_OK);
    EXPECT_EQ(run(before ? "insert into t values (1)" : "insert into t values (2)"),
              PGRES_COMMAND_OK);
    EXPECT_NE(run("commit"), PGRES_COMMAND_OK);
    PQfinish(c);
    wait_for_sessions_to_end();
    EXPECT_EQ(there(before ? 1 : 2), !before);
    proxy.heal();
  }
}

TEST_F(postgres_faults, a_held_reply_runs_into_the_callers_deadline_and_the_write_is_in_force) {
  proxy.add("black_hole at=after_commit direction=to_client");
  auto db = connect(proxy.port());
  EXPECT_EQ(insert(db, 9, {.deadline = 300ms}).effect, side_effect::unknown);
  EXPECT_TRUE(there(9));
  proxy.heal();
}

TEST_F(postgres_faults, a_result_is_cut_inside_its_row) {
  for (const char* verb : {"reset", "truncate"}) {
    proxy.add(std::string{verb} + " at=in_row row=500 times=1");
    auto db = connect(proxy.port());
    long rows = 0;
    const auto failure = [&]() -> errc {
      try {
        for ([[maybe_unused]] const long n : db.stream<long>("select generate_series(1, 1000)"))
          ++rows;
      } catch (const database_error& e) {
        return e.code();
      }
      return errc{};
    }();
    EXPECT_EQ(failure, errc::connection_lost);
    EXPECT_LT(rows, 500);
    EXPECT_EQ(db.query_value<long>("select 1"), 1);
    proxy.heal();
  }
  EXPECT_EQ(proxy.records().size(), 2U);
}

TEST_F(postgres_faults, a_row_without_a_sane_length_is_no_result) {
  proxy.add("corrupt at=row_length row=1 mask=255 times=1"); // negative
  proxy.add("corrupt at=row_length row=2 mask=127 times=1"); // two gigabytes
  auto db = connect(proxy.port());
  EXPECT_EQ(db.query_value<long>("select 1"), 1); // lost at once, and read again
  EXPECT_EQ(proxy.records().size(), 1U);
  // libpq waits for the rest of it; our deadline does not.
  const auto late = db.with({.deadline = 300ms}).try_query<long>("select generate_series(1, 2)");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, errc::deadline_exceeded);
  EXPECT_EQ(db.query_value<long>("select 2"), 2);
}

TEST_F(postgres_faults, a_delayed_cancel_request_is_told_from_a_session) {
  proxy.add("black_hole at=cancel");
  auto db = connect(proxy.port());
  EXPECT_FALSE(db.with({.deadline = 100ms}).try_query_value<long>("select 1 from pg_sleep(1)"));
  for (int i = 0; i < 200 && proxy.records().empty(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(proxy.records().empty());
  EXPECT_EQ(db.query_value<long>("select 3"), 3);
}

} // namespace
} // namespace holdfast::test
