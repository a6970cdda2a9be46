// The launcher that the other integration tests stand on: what it kills must be dead, and what it
// starts again must hold what was committed.
#include "testing/postgres_server.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using holdfast::testing::children_of;
using holdfast::testing::postgres_server;
using holdfast::testing::process_alive;
using holdfast::testing::server_tls;
namespace fs = std::filesystem;

struct session {
  explicit session(const std::string& target) : link(PQconnectdb(target.c_str()), PQfinish) {}
  [[nodiscard]] bool open() const { return PQstatus(link.get()) == CONNECTION_OK; }
  [[nodiscard]] std::string why() const { return PQerrorMessage(link.get()); }
  std::string ask(const char* sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> reply(PQexec(link.get(), sql), PQclear);
    return PQntuples(reply.get()) > 0 ? PQgetvalue(reply.get(), 0, 0) : "";
  }
  std::unique_ptr<PGconn, decltype(&PQfinish)> link;
};

TEST(postgres_server, starts_stops_and_leaves_nothing_behind) {
  fs::path folder;
  pid_t pid = 0;
  {
    postgres_server server;
    server.start();
    server.wait_ready();
    folder = server.data_dir();
    pid = server.pid();
    session client(server.url());
    ASSERT_TRUE(client.open()) << client.why();
    EXPECT_EQ(client.ask("show fsync"), "on");
    server.stop();
    EXPECT_FALSE(server.running());
  }
  EXPECT_FALSE(process_alive(pid));
  EXPECT_FALSE(fs::exists(folder));
}

TEST(postgres_server, a_hard_kill_takes_every_process_and_loses_nothing_committed) {
  postgres_server server;
  server.start();
  server.wait_ready();
  const auto port = server.port();
  session client(server.url());
  client.ask("create table kept(id int)");
  client.ask("insert into kept values (7)");
  const auto children = children_of(server.pid());
  ASSERT_FALSE(children.empty());
  server.kill_hard();
  EXPECT_FALSE(server.running());
  for (const pid_t child : children) EXPECT_FALSE(process_alive(child));
  server.restart();
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(session(server.url()).ask("select id from kept"), "7");
}

TEST(postgres_server, outlives_the_thread_that_started_it) {
  postgres_server server;
  std::thread([&] { server.start(); }).join();
  server.wait_ready();
  EXPECT_TRUE(session(server.url()).open());
}

TEST(postgres_server, a_killed_backend_makes_it_recover_under_the_same_postmaster) {
  postgres_server server;
  server.start();
  server.wait_ready();
  const pid_t before = server.pid();
  session client(server.url());
  ASSERT_TRUE(client.open());
  EXPECT_TRUE(server.kill_one_backend());
  // It may have been one that was about to end; the postmaster then ends ours a moment later.
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (client.open() && std::chrono::steady_clock::now() < limit) client.ask("select 1");
  EXPECT_FALSE(client.open());
  server.wait_ready();
  EXPECT_EQ(server.pid(), before);
}

TEST(postgres_server, paused_it_answers_nothing_until_resumed) {
  postgres_server server;
  server.start();
  server.wait_ready();
  session client(server.url());
  server.pause();
  ASSERT_EQ(PQsendQuery(client.link.get(), "select 5"), 1);
  std::this_thread::sleep_for(50ms);
  ASSERT_EQ(PQconsumeInput(client.link.get()), 1);
  EXPECT_EQ(PQisBusy(client.link.get()), 1);
  server.resume();
  const std::unique_ptr<PGresult, decltype(&PQclear)> reply(PQgetResult(client.link.get()),
                                                            PQclear);
  EXPECT_STREQ(PQgetvalue(reply.get(), 0, 0), "5");
}

TEST(postgres_server, a_password_is_asked_for) {
  postgres_server server({.password = "p/@s s%"});
  server.start();
  server.wait_ready();
  const std::string port = std::to_string(server.port());
  EXPECT_TRUE(session(server.url()).open());
  const session stranger("host=127.0.0.1 user=postgres password=wrong port=" + port);
  EXPECT_FALSE(stranger.open());
  EXPECT_NE(stranger.why().find("password authentication failed"), std::string::npos);
}

TEST(postgres_server, tls_is_verified_and_an_expired_certificate_is_refused) {
  for (const auto tls : {server_tls::valid, server_tls::expired}) {
    postgres_server server({.tls = tls});
    server.start();
    server.wait_ready();
    const session client(server.url() +
                         "?sslmode=verify-full&sslrootcert=" + server.ca_file().string());
    EXPECT_EQ(client.open(), tls == server_tls::valid) << client.why();
    if (tls == server_tls::valid) continue;
    EXPECT_NE(client.why().find("certificate verify failed"), std::string::npos) << client.why();
  }
}

TEST(postgres_server, a_wrong_setting_is_told_with_the_servers_own_words) {
  postgres_server server({.settings = {"no_such_setting = 1"}});
  server.start();
  try {
    server.wait_ready();
    FAIL() << "it should not have started";
  } catch (const holdfast::testing::server_error& e) {
    EXPECT_NE(std::string(e.what()).find("no_such_setting"), std::string::npos) << e.what();
  }
}

} // namespace
