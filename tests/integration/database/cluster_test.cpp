// A real primary with a streaming standby behind one URL.
#include "integration/database/engines.hpp"

#include <holdfast/circuit_breaker.hpp>
#include <holdfast/exceptions.hpp>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
using testing::postgres_server;
using testing::postgres_server_options;

postgres_server_options primary_options() {
  postgres_server_options o;
  o.fsync = false;
  o.settings = {"synchronous_standby_names = '*'"};
  return o;
}

postgres_server_options standby_options() {
  postgres_server_options o;
  o.fsync = false;
  o.settings = {"synchronous_standby_names = ''"}; // once it is the primary it has no standby
  return o;
}

struct pair_of_servers {
  pair_of_servers() {
    first.start();
    first.wait_ready();
    second = std::make_unique<postgres_server>(first, standby_options());
    second->start();
    second->wait_ready();
    second->wait_caught_up(first);
  }
  [[nodiscard]] std::string url() const {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(second->port()) +
           ",127.0.0.1:" + std::to_string(first.port()) + "/postgres";
  }
  postgres_server first{primary_options()};
  std::unique_ptr<postgres_server> second;
};

/// Callers that add rows and write down what they were told.
class writers {
public:
  writers(database db, int callers) : db_{std::move(db)} {
    for (int i = 0; i < callers; ++i)
      threads_.emplace_back([this](const std::stop_token& stop) {
        while (!stop.stop_requested()) write();
      });
  }
  void stop() { threads_.clear(); }
  [[nodiscard]] std::set<std::int64_t> told() const {
    const std::lock_guard lock{mutex_};
    return told_;
  }
  [[nodiscard]] std::uint64_t written() const { return written_; }
  [[nodiscard]] std::string failures() const {
    const std::lock_guard lock{mutex_};
    return failures_;
  }
  /// How long until one more has ended well.
  duration until_next(duration limit) const {
    const auto began = steady::now();
    for (const auto n = written(); written() == n && steady::now() - began < limit;)
      std::this_thread::sleep_for(1ms);
    return steady::now() - began;
  }

private:
  void write() {
    const std::int64_t id = ++next_;
    const std::string key = "row-" + std::to_string(id);
    try {
      db_.with({.operation_key = key}).execute("insert into entry values ($1)", id);
      ++written_;
      const std::lock_guard lock{mutex_};
      told_.insert(id);
    } catch (const database_error& e) {
      const std::lock_guard lock{mutex_};
      failures_ += std::string{e.what()} + "\n";
    }
  }

  database db_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint64_t> written_{0};
  mutable std::mutex mutex_; // guards what callers were told
  std::set<std::int64_t> told_;
  std::string failures_;
  std::vector<std::jthread> threads_; // last: they use the rest
};

std::size_t missing(database& db, const std::set<std::int64_t>& told) {
  std::set<std::int64_t> there;
  for (const std::int64_t id : db.query<std::int64_t>("select id from entry")) there.insert(id);
  return static_cast<std::size_t>(
      std::ranges::count_if(told, [&](std::int64_t id) { return !there.contains(id); }));
}

database open(const pair_of_servers& servers) {
  database_options o = test::quiet();
  o.operation_keys.enabled = true;
  return postgres::connect(servers.url(), o);
}

TEST(cluster, writes_go_to_the_primary_and_reads_to_a_standby_that_is_fresh) {
  pair_of_servers servers;
  auto db = open(servers);
  db.execute("create table entry (id bigint)");
  db.execute("insert into entry values (1)");
  std::this_thread::sleep_for(1500ms); // two looks
  constexpr auto in_recovery = "select pg_is_in_recovery()";
  EXPECT_EQ(db.query_value<bool>(in_recovery), false);
  EXPECT_EQ(db.with({.read = read::replica_or_primary}).query_value<bool>(in_recovery), true);
  EXPECT_EQ(db.with({.read = read::replica_or_primary, .max_staleness = 1ns})
                .query_value<bool>(in_recovery),
            false)
      << "nothing proves that it is as fresh as this";
  const auto where = [&](bool read_only) {
    return db.transaction(
        {.read_only = read_only, .read = read_only ? read::replica_or_primary : read::primary},
        [&](transaction& tx) { return tx.query_value<bool>(in_recovery).value(); });
  };
  EXPECT_TRUE(where(true));
  EXPECT_FALSE(where(false));
  const auto status = db.status();
  EXPECT_EQ(status.hosts[0].role, host_role::replica);
  ASSERT_TRUE(status.hosts[0].staleness);
  EXPECT_LT(*status.hosts[0].staleness, 3s);
  EXPECT_TRUE(status.hosts[1].writer);
  EXPECT_EQ(db.health().status, health::healthy);
}

TEST(cluster, a_standby_that_stopped_replaying_is_not_read_from) {
  pair_of_servers servers;
  auto db = open(servers);
  db.execute("create table entry (id bigint)");
  auto standby = postgres::connect(servers.second->url(), test::quiet());
  const auto has_the_table = [&] {
    return *standby.query_value<bool>("select to_regclass('entry') is not null");
  };
  for (int i = 0; i < 500 && !has_the_table(); ++i) std::this_thread::sleep_for(10ms);
  (void)standby.query_value<std::string>("select pg_wal_replay_pause()::text");
  std::this_thread::sleep_for(1s);
  db.execute("insert into entry values (1)");
  std::this_thread::sleep_for(2s);
  const auto seen = [&](duration bound) {
    return db.with({.read = read::replica_or_primary, .max_staleness = bound})
        .query_value<long>("select count(*) from entry");
  };
  EXPECT_EQ(seen(1500ms), 1) << "the standby cannot prove that it is fresh";
  EXPECT_EQ(seen(1min), 0) << "who allows a minute reads from the standby";
  (void)standby.query_value<std::string>("select pg_wal_replay_resume()::text");
}

TEST(cluster, a_killed_primary_costs_no_acknowledged_write_and_its_ghost_is_not_written_to) {
  pair_of_servers servers;
  auto db = open(servers);
  db.execute("create table entry (id bigint)");
  writers load{db, 16};
  std::this_thread::sleep_for(500ms);
  servers.first.kill_hard();
  std::this_thread::sleep_for(500ms);
  servers.second->promote();
  const duration took = load.until_next(5s);
  EXPECT_LT(took, 1s);
  RecordProperty("resumed_ms", std::to_string(took / 1ms));
  servers.first.start(); // it believes that it is the primary still
  std::this_thread::sleep_for(1500ms);
  load.stop();
  EXPECT_EQ(load.failures(), "");
  EXPECT_EQ(missing(db, load.told()), 0U);
  const auto status = db.status();
  EXPECT_TRUE(status.hosts[0].writer);
  EXPECT_EQ(status.hosts[1].role, host_role::primary) << "by its own word";
  EXPECT_FALSE(status.hosts[1].writer);
  EXPECT_EQ(db.health().status, health::healthy);
}

TEST(cluster, a_select_that_writes_is_refused_by_the_replica_and_runs_on_the_primary) {
  pair_of_servers servers;
  auto db = open(servers);
  db.script("create table entry (id bigint); create function note() returns bigint language sql as "
            "'insert into entry values (1) returning id'");
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(db.with({.read = read::replica_or_primary}).query_value<long>("select note()"), 1);
  EXPECT_EQ(db.query_value<long>("select count(*) from entry"), 1);
  EXPECT_EQ(db.status().hosts[0].breaker, breaker_state::closed);
}

TEST(cluster, a_primary_that_froze_is_left_when_another_takes_over) {
  pair_of_servers servers;
  auto db = open(servers);
  db.execute("create table entry (id bigint)");
  writers load{db, 16};
  std::this_thread::sleep_for(300ms);
  servers.first.pause(); // its connections stay open, and nothing answers
  std::this_thread::sleep_for(200ms);
  servers.second->promote();
  EXPECT_LT(load.until_next(10s), 1s);
  servers.first.resume();
  std::this_thread::sleep_for(1500ms);
  load.stop();
  EXPECT_EQ(load.failures(), "");
  EXPECT_EQ(missing(db, load.told()), 0U);
  EXPECT_TRUE(db.status().hosts[0].writer);
}

TEST(cluster, a_planned_switch_under_suspend_fails_no_call) {
  pair_of_servers servers;
  auto db = open(servers);
  db.execute("create table entry (id bigint)");
  writers load{db, 16};
  std::this_thread::sleep_for(300ms);
  ASSERT_TRUE(db.suspend(2s));
  const auto before = load.written();
  servers.first.stop();
  servers.second->promote();
  servers.first.follow(*servers.second);
  servers.first.start();
  servers.first.wait_ready();
  EXPECT_LE(load.written(), before + 16) << "an attempt began while suspended";
  db.resume();
  EXPECT_LT(load.until_next(5s), 1s);
  std::this_thread::sleep_for(300ms);
  load.stop();
  EXPECT_EQ(load.failures(), "");
  EXPECT_EQ(missing(db, load.told()), 0U);
  EXPECT_TRUE(db.status().hosts[0].writer);
}

} // namespace
} // namespace holdfast
