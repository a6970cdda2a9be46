// A password that is rotated under callers: the file and the role change, and nobody notices.
#include "integration/database/engines.hpp"

#include <holdfast/exceptions.hpp>

#include <fstream>
#include <latch>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

struct rotation : ::testing::Test {
  rotation() {
    locked.start();
    locked.wait_ready();
    boss = std::make_unique<database>(postgres::connect(locked.url(), test::quiet()));
    boss->script("create role app login password 'first'; create table done(n integer);"
                 "grant all on done to app");
    write("first");
  }
  ~rotation() override { std::remove(file.c_str()); }

  void write(const std::string& password) const { std::ofstream{file} << password << '\n'; }
  void rotate() {
    write("second");
    boss->script("alter role app password 'second'");
    boss->execute("create table rotated as select clock_timestamp() as at");
  }
  database connect(database_options o) const {
    o.credentials.password_file = file;
    o.log.enabled = false;
    return postgres::connect(
        "postgresql://app@127.0.0.1:" + std::to_string(locked.port()) + "/postgres", o);
  }
  long sessions(const std::string& which) {
    return boss
        ->query_value<long>("select count(*) from pg_stat_activity where usename = 'app'" + which)
        .value();
  }
  long old_sessions() { return sessions(" and backend_start < (select at from rotated)"); }

  std::string file = ::testing::TempDir() + "holdfast-rotated-password";
  testing::postgres_server locked{{.password = "of the boss"}};
  std::unique_ptr<database> boss;
};

TEST_F(rotation, leaves_borrowers_alone_and_afterwards_all_sessions_are_new) {
  constexpr int borrowers = 4;
  database_options o;
  o.pool.min_size = 5;
  o.pool.max_size = 8;
  database db = connect(o);
  std::latch inside{borrowers};
  std::latch rotated{1};
  std::atomic<int> runs = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < borrowers; ++i)
    threads.emplace_back([&] {
      db.transaction([&](transaction& tx) {
        const auto session = tx.query_value<long>("select pg_backend_pid()");
        if (runs.fetch_add(1) < borrowers) inside.count_down();
        rotated.wait();
        for (int k = 0; k < 10; ++k) {
          tx.execute("insert into done values (1)");
          EXPECT_EQ(tx.query_value<long>("select pg_backend_pid()"), session);
          std::this_thread::sleep_for(100ms);
        }
      });
    });
  inside.wait();
  rotate();
  rotated.count_down();
  // Callers beside them until one needs a connect, which is how the rotation is found.
  std::vector<std::jthread> others;
  for (int i = 0; i < 4; ++i)
    others.emplace_back(
        [&] { EXPECT_NO_THROW((void)db.query_value<long>("select 1 from pg_sleep(0.3)")); });
  others.clear();
  threads.clear();
  EXPECT_EQ(runs, borrowers) << "a block had to run again";
  EXPECT_EQ(boss->query_value<long>("select count(*) from done"), 10 * borrowers);
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (old_sessions() > 0 && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(old_sessions(), 0);
  EXPECT_GE(sessions(""), 1);
  EXPECT_EQ(db.status().failures, 0U);
}

TEST_F(rotation, a_provider_with_a_token_for_each_connect_does_not_turn_the_pool_over) {
  database_options o;
  o.pool.min_size = 2;
  o.pool.max_size = 4;
  o.log.enabled = false;
  std::atomic<int> asked = 0;
  o.credentials.provider = [&, this]() -> result<credential> {
    const auto user = "token" + std::to_string(++asked);
    boss->script("create role " + user + " login password 'x'");
    return credential{user, secret{"x"}};
  };
  {
    database db = postgres::connect(
        "postgresql://app@127.0.0.1:" + std::to_string(locked.port()) + "/postgres", o);
    std::this_thread::sleep_for(3s); // upkeep comes each second
    EXPECT_EQ(db.query_value<long>("select 1"), 1);
  }
  EXPECT_EQ(asked, 2);
}

} // namespace
} // namespace holdfast
