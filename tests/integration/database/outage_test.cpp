// A real server that goes away and comes back under callers.
#include "integration/database/engines.hpp"

#include <holdfast/exceptions.hpp>

#include <algorithm>
#include <atomic>
#include <dirent.h>
#include <mutex>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

std::size_t entries_of(const char* folder) {
  std::size_t n = 0;
  DIR* d = ::opendir(folder);
  while (::readdir(d)) ++n;
  ::closedir(d);
  return n;
}
std::size_t descriptors() { return entries_of("/proc/self/fd"); }
std::size_t threads() { return entries_of("/proc/self/task"); }

/// Statements that were sent, and connects that callers triggered.
std::uint64_t attempts_in(const database& db) {
  return db.status().attempts + db.recent_events().count(event_kind::connection_created);
}

class outage : public ::testing::Test {
protected:
  static void SetUpTestSuite() {
    own_ = new testing::postgres_server{};
    own_->start();
    own_->wait_ready();
  }
  static void TearDownTestSuite() {
    delete own_;
    own_ = nullptr;
  }
  static testing::postgres_server* own_;
};
testing::postgres_server* outage::own_ = nullptr;

TEST_F(outage, callers_that_wait_all_succeed_soon_after_the_server_is_back) {
  constexpr int callers = 64;
  database_options options = test::quiet();
  options.retry.on_outage = on_outage::wait;
  options.retry.connect.max_retries = 6; // patience for a minute: the machine may be busy
  options.pool.idle_timeout = 500ms;     // so that the pool is soon at its baseline again
  database db = postgres::connect(own_->url(), options);
  db.on_event([](const owned_event&) {});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(db.query_value<long>("select 1"), 1);
  std::this_thread::sleep_for(200ms);
  const std::size_t descriptors_before = descriptors();
  const std::size_t threads_before = threads();

  own_->stop();
  const std::uint64_t attempts_before = attempts_in(db);
  std::mutex mutex;
  std::vector<steady::time_point> done;
  std::atomic<int> failed = 0;
  std::vector<std::jthread> crowd;
  for (int i = 0; i < callers; ++i)
    crowd.emplace_back([&] {
      auto r = db.with({.idempotent = true}).try_query_value<long>("select 1");
      if (!r) {
        ++failed;
        ADD_FAILURE() << to_string(r.error());
      }
      const std::lock_guard lock{mutex};
      done.push_back(steady::now());
    });
  std::this_thread::sleep_for(3s);
  EXPECT_FALSE(db.status().hosts[0].up);
  const std::uint64_t attempts = attempts_in(db) - attempts_before;
  EXPECT_LE(attempts, callers * 11U / 10 + 10);
  own_->start();
  own_->wait_ready();
  const auto accepts = steady::now();
  crowd.clear();

  EXPECT_EQ(failed, 0);
  const auto first = *std::ranges::min_element(done) - accepts;
  EXPECT_LT(first, 250ms);
  const auto patience = steady::now() + 10s; // idle connections and workers go by themselves
  while (steady::now() < patience &&
         (descriptors() > descriptors_before || threads() > threads_before))
    std::this_thread::sleep_for(50ms);
  EXPECT_LE(descriptors(), descriptors_before);
  EXPECT_LE(threads(), threads_before);
  RecordProperty(
      "first_success_ms",
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(first).count()));
}

TEST_F(outage, fail_fast_tells_the_real_cause_at_once) {
  database_options options = test::quiet();
  options.retry.on_outage = on_outage::fail_fast;
  database db = postgres::connect(own_->url(), options);
  EXPECT_EQ(db.query_value<long>("select 1"), 1);
  own_->stop(testing::postgres_server::stop_mode::immediate);
  (void)db.try_query_value<long>("select 1"); // finds out
  for (int i = 0; i < 500 && db.status().hosts[0].up; ++i) {
    (void)db.try_query_value<long>("select 1");
    std::this_thread::sleep_for(2ms);
  }
  ASSERT_FALSE(db.status().hosts[0].up);
  std::vector<duration> took;
  for (int i = 0; i < 64; ++i) {
    const auto began = steady::now();
    auto r = db.try_query_value<long>("select 1");
    took.push_back(steady::now() - began);
    ASSERT_FALSE(r);
    EXPECT_TRUE(r.error().kind == category::connection) << to_string(r.error());
    EXPECT_EQ(r.error().effect, side_effect::none);
  }
  std::ranges::sort(took);
  EXPECT_LT(took[took.size() / 2], 1ms);
  EXPECT_LT(took[took.size() - 2], 5ms); // one may meet a busy machine
  own_->restart();
}

TEST_F(outage, a_session_that_somebody_ends_costs_no_other_and_no_call) {
  database_options options = test::quiet();
  options.application_name = "crew";
  options.pool.min_size = 4;
  options.pool.max_size = 4;
  options.retry.on_outage = on_outage::fail_fast; // it is none
  database db = postgres::connect(own_->url(), options);
  database boss = postgres::connect(own_->url(), test::quiet());
  const auto crew = [&boss] {
    return boss.query<std::int32_t>(
        "select pid from pg_stat_activity where application_name = 'crew' order by 1");
  };
  while (crew().size() < 4) std::this_thread::sleep_for(5ms);
  const auto before = crew();
  for (int i = 0; i < 5; ++i) {
    const auto next = db.query_value<std::int32_t>("select pg_backend_pid()");
    boss.execute("select pg_terminate_backend($1, 2000)", next);
    const auto other = db.try_query_value<std::int32_t>("select pg_backend_pid()");
    ASSERT_TRUE(other) << to_string(other.error());
    EXPECT_NE(*other, next);
    if (i > 0) continue;
    const auto after = crew();
    EXPECT_EQ(std::ranges::count_if(
                  before, [&](auto pid) { return std::ranges::find(after, pid) != after.end(); }),
              3);
  }
  EXPECT_EQ(db.recent_events().count(event_kind::host_down), 0U);
}

TEST_F(outage, a_killed_server_loses_and_doubles_nothing_that_has_a_key) {
  database_options options = test::quiet();
  options.retry.connect.max_retries = 6;
  database db = postgres::connect(own_->url(), options);
  db.script("drop table if exists paid");
  db.execute("create table paid(id bigint primary key, n bigint)");
  constexpr int callers = 16;
  std::atomic<bool> stop = false;
  std::atomic<std::int64_t> next = 0;
  std::mutex mutex;
  std::vector<std::int64_t> acknowledged;
  {
    std::vector<std::jthread> crowd;
    for (int c = 0; c < callers; ++c)
      crowd.emplace_back([&] {
        while (!stop) {
          const std::int64_t id = next++;
          const std::string key = "paid-" + std::to_string(id);
          auto r =
              db.with({.operation_key = key}).try_execute("insert into paid values ($1, 1)", id);
          if (!r) ADD_FAILURE() << to_string(r.error());
          const std::lock_guard lock{mutex};
          if (r) acknowledged.push_back(id);
        }
      });
    for (int kill = 0; kill < 2; ++kill) {
      std::this_thread::sleep_for(700ms);
      own_->kill_hard();
      std::this_thread::sleep_for(300ms);
      own_->start();
      own_->wait_ready();
    }
    std::this_thread::sleep_for(700ms);
    stop = true;
  }
  const auto stored = db.query<std::int64_t>("select id from paid order by id");
  std::ranges::sort(acknowledged);
  EXPECT_EQ(stored, acknowledged);
  EXPECT_EQ(std::ranges::adjacent_find(stored), stored.end());
}

class refusals : public ::testing::Test {
protected:
  static error why(const std::string& url) {
    const auto began = steady::now();
    try {
      database_options o = test::quiet();
      o.pool.connect_timeout = 2s;
      (void)postgres::connect(url, o);
    } catch (const database_error& e) {
      EXPECT_LT(steady::now() - began, 4s) << url;
      return e.details();
    }
    ADD_FAILURE() << url << " connected";
    return {};
  }
};

TEST_F(refusals, each_has_its_own_code_and_sentence) {
  testing::postgres_server locked{{.password = "right"}};
  locked.start();
  locked.wait_ready();
  const std::string at = "127.0.0.1:" + std::to_string(locked.port());
  EXPECT_EQ(why("postgresql://postgres:wrong@" + at + "/postgres").code,
            errc::authentication_failed);
  EXPECT_EQ(why("postgresql://postgres:right@" + at + "/missing").code, errc::unknown_database);
  EXPECT_EQ(why("postgresql://postgres@127.0.0.1:1/postgres").code, errc::connect_refused);
  EXPECT_EQ(why("postgresql://postgres@no-such-host.invalid/postgres?tls.mode=disable").kind,
            category::connection);
  EXPECT_EQ(why("postgresql://postgres@/x?no_such_parameter=1").code, errc::invalid_configuration);
}

} // namespace
} // namespace holdfast
