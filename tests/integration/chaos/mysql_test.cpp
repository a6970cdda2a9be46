// The places of MySQL's protocol, with a real client and a real server on either side.
#include "testing/mariadb_server.hpp"

#include <holdfast/fault_proxy.hpp>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using testing::mariadb_server;
using testing::mariadb_session;

class mysql_proxy : public ::testing::Test {
protected:
  static void SetUpTestSuite() {
    server = std::make_unique<mariadb_server>(testing::mariadb_server_options{.fsync = false});
    server->start();
    server->wait_ready();
  }
  static void TearDownTestSuite() { server.reset(); }

  void SetUp() override {
    (void)server->ask("create or replace table app.t(id int primary key, text longtext)");
  }

  [[nodiscard]] mariadb_session connect() const {
    return mariadb_session({.port = proxy.port(), .user = "app", .database = "app"});
  }
  static std::string rows() { return server->ask("select count(*) from app.t"); }

  static std::unique_ptr<mariadb_server> server;
  fault_proxy proxy{{.to = {"127.0.0.1", server->port()}, .protocol = fault_protocol::mysql}};
};

std::unique_ptr<mariadb_server> mysql_proxy::server;

/// As the driver commits: a statement prepared once and executed.
struct prepared_commit {
  explicit prepared_commit(mariadb_session& session)
      : statement(mysql_stmt_init(session.raw()), &mysql_stmt_close) {
    EXPECT_EQ(mysql_stmt_prepare(statement.get(), "COMMIT", 6), 0);
  }
  [[nodiscard]] int execute() const { return mysql_stmt_execute(statement.get()); }
  std::unique_ptr<MYSQL_STMT, decltype(&mysql_stmt_close)> statement;
};

TEST_F(mysql_proxy, a_commit_cut_before_it_is_forwarded_did_not_happen) {
  for (const bool prepared : {false, true}) {
    auto client = connect();
    ASSERT_TRUE(client.open()) << client.why();
    const prepared_commit commit(client);
    client.ask("begin");
    client.ask("insert into t values (1, 'a')");
    proxy.add("reset at=before_commit times=1");
    EXPECT_TRUE(prepared ? commit.execute() != 0 : !client.run("commit"));
    EXPECT_EQ(rows(), "0") << prepared;
    EXPECT_EQ(proxy.records().size(), prepared ? 2U : 1U);
  }
}

TEST_F(mysql_proxy, a_commit_whose_reply_is_lost_did_happen) {
  for (const bool prepared : {false, true}) {
    auto client = connect();
    const prepared_commit commit(client);
    client.ask("begin");
    client.ask("insert into t values (" + std::to_string(prepared) + ", 'a')");
    proxy.add("reset at=after_commit times=1");
    EXPECT_TRUE(prepared ? commit.execute() != 0 : !client.run("commit"));
    // The server has read it; it may be at work yet.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const std::string wanted = prepared ? "2" : "1";
    while (rows() != wanted && std::chrono::steady_clock::now() < until) {
    }
    EXPECT_EQ(rows(), wanted);
  }
}

TEST_F(mysql_proxy, a_result_ends_inside_its_nth_row_in_text_and_in_binary) {
  (void)server->ask("insert into app.t select seq, repeat('x', 100) from app.seq_1_to_10");
  proxy.add("truncate at=in_row row=7");
  {
    auto client = connect();
    ASSERT_EQ(mysql_query(client.raw(), "select * from t order by id"), 0);
    MYSQL_RES* const result = mysql_use_result(client.raw());
    int whole = 0;
    while (mysql_fetch_row(result) != nullptr) ++whole;
    EXPECT_EQ(whole, 6);
    EXPECT_NE(client.error_number(), 0U);
    mysql_free_result(result);
  }
  auto client = connect();
  MYSQL_STMT* const statement = mysql_stmt_init(client.raw());
  const std::string sql = "select id from t order by id";
  ASSERT_EQ(mysql_stmt_prepare(statement, sql.data(), sql.size()), 0);
  ASSERT_EQ(mysql_stmt_execute(statement), 0);
  int whole = 0;
  int fetched = 0;
  while ((fetched = mysql_stmt_fetch(statement)) == 0) ++whole;
  EXPECT_EQ(whole, 6);
  EXPECT_EQ(fetched, 1) << "not the end of the rows";
  mysql_stmt_close(statement);
}

TEST_F(mysql_proxy, a_kill_is_a_cancel_and_may_be_held_back) {
  auto client = connect();
  proxy.add("reset at=cancel times=1");
  EXPECT_FALSE(client.run("kill query 1"));
  EXPECT_EQ(proxy.records().size(), 1U);
}

TEST_F(mysql_proxy, whatever_a_session_does_is_followed_to_its_commit) {
  (void)server->ask("create or replace procedure app.p() begin select 1; select 2; select 3; end");
  (void)server->ask("grant execute on app.* to app@'%'");
  auto client = connect();
  const prepared_commit commit(client);
  client.ask("call p()");
  client.ask("select 1; select 2; insert into t values (1, 'a'); select 3");
  client.ask("insert into t values (3, repeat('y', 1 << 20))");
  client.ask("select * from t");
  EXPECT_FALSE(client.run("select nonsense"));
  EXPECT_EQ(mysql_ping(client.raw()), 0);
  EXPECT_EQ(mysql_select_db(client.raw(), "app"), 0);
  EXPECT_EQ(mysql_change_user(client.raw(), "app", "", "app"), 0);
  EXPECT_EQ(mysql_reset_connection(client.raw()), 0);
  proxy.add("reset at=before_commit times=1");
  EXPECT_TRUE(proxy.records().empty());
  EXPECT_FALSE(client.run("commit"));
  EXPECT_EQ(proxy.records().size(), 1U);
}

} // namespace
} // namespace holdfast
