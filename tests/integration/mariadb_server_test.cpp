// The launcher that the other integration tests stand on: what it kills must be dead, and what it
// starts again must hold what was committed.
#include "testing/mariadb_server.hpp"

#include <chrono>
#include <future>
#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace holdfast::testing;
namespace fs = std::filesystem;

struct running_server : mariadb_server {
  explicit running_server(mariadb_server_options options = {})
      : mariadb_server(std::move(options)) {
    start();
    wait_ready();
  }
};

mariadb_session as_app(const mariadb_server& server) {
  return mariadb_session(
      {.port = server.port(), .user = "app", .password = server.password(), .database = "app"});
}

TEST(mariadb_server, starts_stops_and_leaves_nothing_behind) {
  fs::path folder;
  pid_t pid = 0;
  {
    running_server server;
    folder = server.data_dir();
    pid = server.pid();
    auto client = as_app(server);
    ASSERT_TRUE(client.open()) << client.why();
    EXPECT_EQ(client.ask("select @@innodb_flush_log_at_trx_commit"), "1");
    EXPECT_EQ(client.ask("select @@character_set_database"), "utf8mb4");
    server.stop();
    EXPECT_FALSE(server.running());
  }
  EXPECT_FALSE(process_alive(pid));
  EXPECT_FALSE(fs::exists(folder));
}

TEST(mariadb_server, a_hard_kill_loses_nothing_committed_with_fsync_or_without) {
  for (const bool fsync : {true, false}) {
    running_server server({.fsync = fsync});
    const auto port = server.port();
    const pid_t pid = server.pid();
    auto client = as_app(server);
    client.ask("create table kept(id int)");
    client.ask("insert into kept values (7)");
    server.kill_hard();
    EXPECT_FALSE(server.running());
    EXPECT_FALSE(process_alive(pid));
    server.restart();
    EXPECT_EQ(server.port(), port);
    EXPECT_EQ(as_app(server).ask("select id from kept"), "7");
  }
}

TEST(mariadb_server, outlives_the_thread_that_started_it) {
  mariadb_server server;
  std::thread([&] { server.start(); }).join();
  server.wait_ready();
  EXPECT_TRUE(as_app(server).open());
}

TEST(mariadb_server, paused_it_answers_nothing_until_resumed) {
  running_server server;
  auto client = as_app(server);
  server.pause();
  auto answer = std::async(std::launch::async, [&] { return client.ask("select 5"); });
  EXPECT_EQ(answer.wait_for(100ms), std::future_status::timeout);
  server.resume();
  EXPECT_EQ(answer.get(), "5");
}

TEST(mariadb_server, a_password_is_asked_for_and_nobody_sees_it) {
  running_server server({.password = "p/@s' s\\%"});
  EXPECT_EQ(server.url(), "mysql://app:p%2F%40s%27%20s%5C%25@127.0.0.1:" +
                              std::to_string(server.port()) + "/app");
  EXPECT_TRUE(as_app(server).open());
  EXPECT_EQ(server.log_tail(1 << 20).find(server.password()), std::string::npos);
  for (const char* user : {"app", "root"}) {
    const mariadb_session stranger({.port = server.port(), .user = user, .password = "wrong"});
    EXPECT_FALSE(stranger.open());
    EXPECT_EQ(stranger.error_number(), 1045U);
  }
}

TEST(mariadb_server, tls_is_verified_and_an_expired_certificate_is_refused) {
  running_server server({.tls = server_tls::valid, .settings = {"require_secure_transport = on"}});
  const mariadb_target target{.port = server.port(), .user = "app", .ca_file = server.ca_file()};
  mariadb_session client(target);
  ASSERT_TRUE(client.open()) << client.why();
  EXPECT_NE(mysql_get_ssl_cipher(client.raw()), nullptr);
  EXPECT_FALSE(as_app(server).open()); // without TLS
  server.renew_certificate(-1h);
  const mariadb_session late(target);
  EXPECT_FALSE(late.open());
  EXPECT_NE(late.why().find("expired"), std::string::npos) << late.why();
}

TEST(mariadb_server, the_ordinary_user_is_held_by_read_only_and_may_see_replication) {
  running_server server;
  auto client = as_app(server);
  client.ask("create table t(id int)");
  (void)server.ask("set global read_only = on");
  EXPECT_FALSE(client.run("insert into t values (1)"));
  EXPECT_EQ(client.error_number(), 1290U);
  EXPECT_TRUE(client.run("show slave status"));
}

TEST(mariadb_server, a_replica_follows_is_promoted_and_its_primary_follows_it) {
  running_server first({.fsync = false, .binary_log = true});
  auto writer = as_app(first);
  writer.ask("create table t(id int primary key); insert into t values (1)");
  mariadb_server second(first, {.fsync = false});
  second.start();
  second.wait_ready();
  second.wait_caught_up(first);
  auto reader = as_app(second);
  EXPECT_EQ(reader.ask("select count(*) from t"), "1");
  EXPECT_FALSE(reader.run("insert into t values (9)"));
  second.kill_hard(); // it still follows after a restart
  second.restart();
  writer.ask("insert into t values (2)");
  second.wait_caught_up(first);

  second.promote();
  first.follow(second); // while it runs, and its connection stays
  EXPECT_TRUE(as_app(second).run("insert into t values (3)"));
  first.wait_caught_up(second);
  EXPECT_EQ(writer.ask("select group_concat(id order by id) from t"), "1,2,3");
  EXPECT_FALSE(writer.run("insert into t values (9)"));
  EXPECT_EQ(writer.error_number(), 1290U);

  first.restart();
  as_app(second).ask("insert into t values (4)");
  first.wait_caught_up(second);
  EXPECT_EQ(as_app(first).ask("select count(*) from t"), "4");
}

TEST(mariadb_server, a_wrong_setting_is_told_with_the_servers_own_words) {
  mariadb_server server({.settings = {"no_such_setting = 1"}});
  server.start();
  try {
    server.wait_ready();
    FAIL() << "it should not have started";
  } catch (const server_error& e) {
    EXPECT_NE(std::string(e.what()).find("no_such_setting=1"), std::string::npos) << e.what();
  }
}

} // namespace
