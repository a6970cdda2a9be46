// A real primary with a replica behind one URL, switched over while callers write.
#include "testing/mariadb_server.hpp"

#include <holdfast/exceptions.hpp>
#include <holdfast/mysql.hpp>

#include <atomic>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <thread>

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using testing::mariadb_server;

struct pair_of_servers {
  pair_of_servers() {
    first.start();
    first.wait_ready();
    second = std::make_unique<mariadb_server>(
        first, testing::mariadb_server_options{.fsync = false, .binary_log = true});
    second->start();
    second->wait_ready();
    second->wait_caught_up(first);
  }
  [[nodiscard]] std::string url() const {
    return "mysql://app@127.0.0.1:" + std::to_string(second->port()) +
           ",127.0.0.1:" + std::to_string(first.port()) + "/app";
  }
  mariadb_server first{{.fsync = false, .binary_log = true}};
  std::unique_ptr<mariadb_server> second;
};

database open(const std::string& url) {
  database_options o;
  o.log.enabled = false;
  o.operation_keys.enabled = true;
  return mysql::connect(url, o);
}

TEST(mysql_cluster, a_switch_over_under_load_loses_and_doubles_nothing) {
  pair_of_servers servers;
  auto db = open(servers.url());
  db.execute("create table entry (id bigint primary key) engine = InnoDB");
  std::atomic<std::int64_t> next{0};
  std::atomic<int> written{0};
  std::mutex mutex;
  std::set<std::int64_t> told;
  std::string failures;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 6; ++i)
      callers.emplace_back([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const std::int64_t id = ++next;
          const std::string key = "row-" + std::to_string(id);
          try {
            db.with({.operation_key = key}).execute("insert into entry values (?)", id);
            ++written;
            const std::lock_guard lock{mutex};
            told.insert(id);
          } catch (const database_error& e) {
            const std::lock_guard lock{mutex};
            failures += std::string{e.what()} + "\n";
          }
        }
      });
    const auto wait_for = [&](int more) {
      const int enough = written + more;
      for (int i = 0; i < 2000 && written < enough; ++i) std::this_thread::sleep_for(10ms);
      EXPECT_GE(written, enough);
    };
    wait_for(100);
    // As an operator does it: no more writes here, wait for the replica, promote it, follow it.
    servers.first.ask("set global read_only = 1");
    servers.second->wait_caught_up(servers.first);
    servers.second->promote();
    servers.first.follow(*servers.second);
    wait_for(100);
  }
  EXPECT_EQ(failures, "");
  auto there = open(servers.second->url());
  std::set<std::int64_t> rows;
  for (const std::int64_t id : there.query<std::int64_t>("select id from entry")) rows.insert(id);
  EXPECT_EQ(rows, told);
  for (int i = 0; i < 300 && db.status().hosts.at(1).role != host_role::replica; ++i)
    std::this_thread::sleep_for(10ms); // until the next look
  const auto status = db.status();
  EXPECT_EQ(status.hosts.at(0).role, host_role::primary);
  EXPECT_EQ(status.hosts.at(1).role, host_role::replica);
}

TEST(mysql_cluster, a_replica_that_is_fresh_enough_is_read_from) {
  pair_of_servers servers;
  auto db = open(servers.url());
  db.execute("create table entry (id bigint primary key) engine = InnoDB");
  servers.second->wait_caught_up(servers.first);
  const auto port = [&] {
    return db.with({.read = read::replica_or_primary, .max_staleness = 5s})
        .query_value<int>("select @@port");
  };
  std::optional<int> seen;
  for (int i = 0; i < 300 && seen != servers.second->port(); ++i) {
    seen = port();
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(seen, servers.second->port());
}

} // namespace
} // namespace holdfast::test
