// Hedges, stale answers and defaults against a real server that is slow, killed and restarted.
#include "integration/database/engines.hpp"

#include <holdfast/asio.hpp>
#include <holdfast/fallback.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <functional>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

struct degradation : ::testing::Test {
  void SetUp() override {
    own.start();
    own.wait_ready();
  }
  testing::postgres_server own;
};

constexpr std::string_view slow_once = R"(
create sequence turn;
create function sometimes(slow bigint) returns bigint language plpgsql as $$
declare n bigint := nextval('turn');
begin
  if n = slow then perform pg_sleep(20); end if;
  return n;
end $$;
)";

/// Of our function, on the server.
long running(database& db) {
  return db
      .query_value<long>("select count(*) from pg_stat_activity where state = 'active' and query "
                         "like '%sometimes%' and pid <> pg_backend_pid()")
      .value();
}

bool soon(const std::function<bool()>& holds) {
  for (const auto until = steady::now() + 5s; steady::now() < until;) {
    if (holds()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

TEST_F(degradation, a_slow_read_is_hedged_and_the_loser_ends_on_the_server_too) {
  database_options options = test::quiet();
  options.hedge.floor = 200ms; // so that a busy machine hedges nothing else
  database db = postgres::connect(own.url(), options);
  db.script(slow_once);
  const auto sometimes = [&](long slow) {
    return db.with({.hedge = true}).query_value<long>("select sometimes($1)", slow);
  };
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(sometimes(0));
  const long last = db.query_value<long>("select last_value from turn").value();
  const auto before = db.status();
  const auto began = steady::now();
  EXPECT_EQ(sometimes(last + 1), last + 2) << "the answer of the second attempt";
  EXPECT_LT(steady::now() - began, 2s);
  const auto after = db.status();
  EXPECT_EQ(after.hedges, before.hedges + 1);
  EXPECT_EQ(after.hedges_won, before.hedges_won + 1);
  EXPECT_TRUE(soon([&] { return running(db) == 0; })) << "20 s of work that nobody waits for";
  EXPECT_TRUE(soon([&] { return db.status().hosts[0].pool.in_use == 0; }));
}

TEST_F(degradation, the_same_on_asio) {
  boost::asio::io_context context;
  database db = postgres::connect(own.url(), test::quiet());
  db.script(slow_once);
  auto async = db.async(context.get_executor());
  const auto read = [&]() -> boost::asio::awaitable<void> {
    for (int i = 1; i <= 41; ++i) {
      const call_options hedged{.hedge = true};
      auto call = async.with(hedged).query_value<long>("select sometimes($1)", 41L);
      const auto got = co_await std::move(call);
      EXPECT_TRUE(got);
    }
  };
  const auto began = steady::now();
  auto done = boost::asio::co_spawn(context, read(), boost::asio::use_future);
  context.run();
  done.get();
  EXPECT_LT(steady::now() - began, 15s);
  EXPECT_GE(db.status().hedges_won, 1U);
}

TEST_F(degradation, a_handle_may_go_while_the_loser_ends) {
  for (int round = 0; round < 5; ++round) {
    database db = postgres::connect(own.url(), test::quiet());
    if (round == 0) db.script(slow_once);
    db.execute("select setval('turn', 1, false)");
    for (int i = 1; i <= 41; ++i)
      EXPECT_TRUE(db.with({.hedge = true}).query_value<long>("select sometimes($1)", 41L));
  }
  database db = postgres::connect(own.url(), test::quiet());
  EXPECT_TRUE(soon([&] { return running(db) == 0; }));
}

TEST_F(degradation, a_killed_server_is_bridged_and_each_stale_answer_says_so) {
  database db = postgres::connect(own.url(), test::quiet());
  db.script(
      "create table seat(id bigint primary key, name text); insert into seat values (1, 'A')");
  read_source from;
  const auto view = [&](duration age) {
    return db.with({.deadline = 1s, .max_stale = age, .served = &from});
  };
  EXPECT_EQ(view(1min).query_value<std::string>("select name from seat where id = $1", 1), "A");
  EXPECT_FALSE(from.stale);
  db.execute("update seat set name = 'B'"); // which the answer in memory knows nothing of
  own.kill_hard();
  std::this_thread::sleep_for(300ms);
  for (int i = 0; i < 50; ++i) {
    const auto began = steady::now();
    EXPECT_EQ(view(1min).query_value<std::string>("select name from seat where id = $1", 1), "A");
    EXPECT_TRUE(from.stale);
    EXPECT_GE(from.age, 200ms);
    EXPECT_LT(steady::now() - began, 500ms);
  }
  EXPECT_EQ(db.status().served_stale, 50U);
  EXPECT_FALSE(view(1ms).try_query_value<std::string>("select name from seat where id = $1", 1));
  EXPECT_FALSE(view(1min).try_query_value<std::string>("select name from seat where id = $1", 2))
      << "other parameters, another answer";
  // A default, for who has one.
  const auto count =
      or_fallback(db.with({.fail_fast = true}).try_query_value<long>("select count(*) from seat"),
                  std::optional<long>{-1});
  EXPECT_EQ(count.value(), -1);
  own.start();
  own.wait_ready();
  EXPECT_TRUE(soon([&] {
    return view(1min).query_value<std::string>("select name from seat where id = $1", 1) == "B";
  }));
  EXPECT_FALSE(from.stale);
}

TEST_F(degradation, what_the_server_refuses_is_no_outage) {
  database db = postgres::connect(own.url(), test::quiet());
  read_source from;
  const auto r = db.with({.max_stale = 1min, .served = &from}).try_query<long>("select 1/0");
  EXPECT_FALSE(r);
  EXPECT_FALSE(or_fallback(db.try_query_value<long>("select nonsense"), std::optional<long>{1}));
  EXPECT_THROW(db.with({.hedge = true}).execute("create table t(id int)"), configuration_error);
  EXPECT_THROW(db.with({.hedge = true}).script("select 1"), configuration_error);
  EXPECT_THROW(db.with({.max_stale = 1s}).query<long>("select 1"), configuration_error);
}

} // namespace
} // namespace holdfast
