// The same coroutines inside an Asio program, on a real MariaDB.
#include "testing/mariadb_server.hpp"

#include <holdfast/asio.hpp>
#include <holdfast/exceptions.hpp>
#include <holdfast/mysql.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

class mysql_asio : public ::testing::Test {
protected:
  static database connect(const testing::mariadb_server& at, database_options o = {}) {
    o.log.enabled = false;
    return mysql::connect(at.url(), o);
  }
  template <class F>
  static void run(database& db, F body) {
    asio::io_context context;
    std::exception_ptr failure;
    asio::co_spawn(context, body(db.async(context.get_executor())),
                   [&](std::exception_ptr e) { failure = e; });
    context.run();
    if (failure) std::rethrow_exception(failure);
  }
};

asio::awaitable<void> verbs(async_database db) {
  co_await db.script("create or replace table t(id bigint primary key, v longtext)");
  const std::string large(3'000'000, 'x'); // more than a socket takes at once
  const auto inserted = co_await db.execute("insert into t values (?, ?)", 1, large);
  EXPECT_EQ(inserted, 1U);
  const auto v = co_await db.query_value<std::string>("select v from t where id = ?", 1);
  EXPECT_EQ(v, large);
  bool threw = false;
  try {
    co_await db.execute("insert into t values (1, 'y')");
  } catch (const constraint_error&) {
    threw = true;
  }
  EXPECT_TRUE(threw);
  auto body = [](async_transaction& tx) -> asio::awaitable<long> {
    co_await tx.execute("update t set v = 'z' where id = ?", 1);
    const auto n = co_await tx.query_value<long>("select count(*) from t where v = 'z'");
    co_return n.value_or(0);
  };
  const long changed = co_await db.transaction(body);
  EXPECT_EQ(changed, 1);
  auto rows = co_await db.stream<long>("select seq from seq_1_to_20000");
  long seen = 0;
  while (const auto x = co_await rows.next()) EXPECT_EQ(*x, ++seen);
  EXPECT_EQ(seen, 20000);
}

asio::awaitable<void> sleeps(async_database db, int& late) {
  const call_options brief{.deadline = 300ms};
  const auto began = steady::now();
  try {
    co_await db.with(brief).query<long>("select sleep(20)");
  } catch (const timeout_error&) {
    late += steady::now() - began > 1500ms ? 1 : 0;
    co_return;
  }
  ADD_FAILURE() << "it was not late";
}

TEST_F(mysql_asio, verbs_are_awaited_plain_and_over_tls) {
  testing::mariadb_server server{{.tls = testing::server_tls::valid, .fsync = false}};
  server.start();
  server.wait_ready();
  auto plain = connect(server);
  run(plain, verbs);
  database_options o;
  o.tls = {.mode = tls_mode::verify_full, .ca_file = server.ca_file().string()};
  auto encrypted = connect(server, o);
  run(encrypted, verbs);
}

/// One loop: a call that blocked it would make the others late.
TEST_F(mysql_asio, many_wait_on_one_thread_and_each_ends_by_its_own_deadline) {
  testing::mariadb_server server{{.tls = testing::server_tls::valid, .fsync = false}};
  server.start();
  server.wait_ready();
  database_options o;
  o.pool.min_size = 10;
  o.pool.max_size = 10;
  o.tls = {.mode = tls_mode::verify_full, .ca_file = server.ca_file().string()};
  auto db = connect(server, o);
  while (db.status().hosts.at(0).pool.idle < 10) std::this_thread::sleep_for(10ms);
  asio::io_context context;
  int late = 0;
  auto shared = db.async(context.get_executor());
  for (int i = 0; i < 10; ++i) asio::co_spawn(context, sleeps(shared, late), asio::detached);
  context.run();
  EXPECT_EQ(late, 0);
}

asio::awaitable<void> never_ends(async_database db, long id) {
  auto body = [id](async_transaction& tx) -> asio::awaitable<void> {
    co_await tx.execute("insert into left_behind values (?)", id);
    (void)co_await tx.query<long>("select sleep(20)");
  };
  co_await db.transaction(body);
}

TEST_F(mysql_asio, a_context_that_is_destroyed_ends_its_calls_and_their_transactions) {
  testing::mariadb_server server{{.fsync = false}};
  server.start();
  server.wait_ready();
  auto db = connect(server);
  db.script("create table left_behind(id bigint primary key)");
  {
    asio::io_context context;
    auto handle = db.async(context.get_executor());
    for (long id = 1; id <= 3; ++id)
      asio::co_spawn(context, never_ends(handle, id), asio::detached);
    context.run_for(300ms);
    EXPECT_EQ(db.status().hosts.at(0).pool.in_use, 3U);
  }
  const auto until = steady::now() + 5s;
  while (db.status().hosts.at(0).pool.in_use != 0 && steady::now() < until)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(db.status().hosts.at(0).pool.in_use, 0U);
  // It would wait for a lock that is still held.
  EXPECT_EQ(db.with({.deadline = 5s}).execute("insert into left_behind values (2)"), 1U);
  EXPECT_EQ(db.query_value<long>("select count(*) from left_behind"), 1);
  EXPECT_TRUE(db.close(3s));
}

} // namespace
} // namespace holdfast::test
