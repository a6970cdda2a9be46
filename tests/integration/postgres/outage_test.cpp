// What becomes of a connection, and of the truth about a write, when the deadline passes, somebody
// interrupts, or the server dies.
#include "drivers/background_slots.hpp"
#include "integration/postgres/fixture.hpp"

#include <csignal>
#include <filesystem>
#include <future>
#include <stop_token>
#include <thread>

namespace holdfast::drivers::postgres::tests {
namespace {

class postgres_outage : public ::testing::Test {
protected:
  bool running(std::int64_t pid) {
    return boss.one("select count(*) from pg_stat_activity where pid = $1 and state = 'active'",
                    {pid}) != value{std::int64_t{0}};
  }
  bool ends_within(std::int64_t pid, duration d) {
    const auto until = boss.in(d);
    while (running(pid)) {
      if (until.expired(boss.rt().now())) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
  client c{settings_for(shared_server())};
  client boss{settings_for(shared_server())};
};

TEST_F(postgres_outage, at_the_deadline_the_caller_is_free_and_the_server_too) {
  const auto pid = c.pid();
  const auto before = c.rt().now();
  const auto r = c.execute("select pg_sleep(20)", {}, nullptr, 100ms);
  const auto took = c.rt().now() - before;
  ASSERT_FALSE(r);
  EXPECT_LT(took, 150ms);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  EXPECT_FALSE(r.error().connection_usable);
  EXPECT_EQ(r.error().effect, side_effect::none); // a read
  EXPECT_TRUE(ends_within(pid, 2s));
  // Never again, whatever the server would say.
  const auto after = c.execute("select 1");
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().when, phase::not_sent);
}

// Its process is busy elsewhere: a request to cancel finds no statement, and is forgotten.
TEST_F(postgres_outage, a_statement_that_the_server_reads_after_the_deadline_is_ended_too) {
  const auto pid = c.pid();
  c.execute("select pg_sleep($1)", {0.0}).value(); // prepared
  ::kill(static_cast<pid_t>(pid), SIGSTOP);
  const auto r = c.execute("select pg_sleep($1)", {60.0}, nullptr, 50ms);
  std::this_thread::sleep_for(100ms);
  ::kill(static_cast<pid_t>(pid), SIGCONT);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  const auto begins = boss.in(1s);
  while (!running(pid) && !begins.expired(boss.rt().now())) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(ends_within(pid, 3s));
}

TEST_F(postgres_outage, an_unanswered_write_is_unknown_and_within_a_block_it_is_none) {
  boss.script("drop table if exists held; create table held(x int)").value();
  c.execute("insert into held values (1)").value(); // prepared: the first use waits elsewhere
  boss.begin().value();
  boss.execute("lock table held").value();
  const auto lone = c.execute("insert into held values (1)", {}, nullptr, 100ms);
  ASSERT_FALSE(lone);
  EXPECT_EQ(lone.error().effect, side_effect::unknown);
  EXPECT_EQ(lone.error().when, phase::sent);

  client d{settings_for(shared_server())};
  d.begin().value();
  const auto inside = d.execute("insert into held values (1)", {}, nullptr, 100ms);
  ASSERT_FALSE(inside);
  EXPECT_EQ(inside.error().effect, side_effect::none);
  EXPECT_FALSE(inside.error().transaction_usable);
  boss.rollback().value();
}

TEST_F(postgres_outage, a_passed_deadline_sends_nothing) {
  c.execute("create temp table a(x int)").value();
  const auto r = c.execute("insert into a values (1)", {}, nullptr, -1s);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_TRUE(r.error().connection_usable);
  EXPECT_EQ(c.one("select count(*) from a"), value{std::int64_t{0}});
}

TEST_F(postgres_outage, a_stop_request_ends_the_wait) {
  std::stop_source stop;
  thread_runtime rt{nullptr, stop.get_token()};
  const auto pid = c.pid();
  std::thread stopper{[&stop] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  }};
  statement what;
  what.sql = "select pg_sleep(20)";
  const auto r = run_inline(c.link().execute(rt, what, nullptr, c.in(10s)));
  stopper.join();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::cancelled);
  EXPECT_FALSE(r.error().connection_usable);
  EXPECT_TRUE(ends_within(pid, 2s));
}

TEST_F(postgres_outage, interrupt_from_another_thread) {
  c.ping().value();
  auto& link = c.link();
  std::thread breaker{[&link] {
    std::this_thread::sleep_for(50ms);
    link.interrupt();
  }};
  const auto before = c.rt().now();
  const auto r = c.execute("select pg_sleep(20)", {}, nullptr, 10s);
  breaker.join();
  ASSERT_FALSE(r);
  EXPECT_LT(c.rt().now() - before, 2s);
  EXPECT_EQ(r.error().code, errc::connection_lost);
  EXPECT_FALSE(r.error().connection_usable);
  link.close();
  link.interrupt(); // harmless
  EXPECT_FALSE(c.ping());
}

TEST_F(postgres_outage, a_backend_that_was_ended_while_idle_never_got_the_write) {
  c.script("drop table if exists t_idle; create table t_idle(x int)").value();
  boss.execute("select pg_terminate_backend($1, 2000)", {c.pid()}).value();
  const auto r = c.execute("insert into t_idle values (1)");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::connection_lost); // its farewell was read
  EXPECT_EQ(r.error().native_code, "57P01");
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_EQ(r.error().when, phase::not_sent);
  EXPECT_FALSE(r.error().connection_usable);
}

TEST_F(postgres_outage, commit_to_a_backend_that_was_ended_did_not_commit) {
  c.begin().value();
  boss.execute("select pg_terminate_backend($1, 2000)", {c.pid()}).value();
  const auto r = c.commit();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().effect, side_effect::none);
}

TEST_F(postgres_outage, a_backend_ended_at_work) {
  const auto pid = c.pid();
  std::thread killer{[this, pid] {
    std::this_thread::sleep_for(100ms);
    boss.execute("select pg_terminate_backend($1)", {pid}).value();
  }};
  const auto r = c.execute("select pg_sleep(20)", {}, nullptr, 10s);
  killer.join();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::connection_lost);
  EXPECT_EQ(r.error().native_code, "57P01");
  EXPECT_FALSE(r.error().connection_usable);
}

TEST(postgres_server_death, a_commit_that_was_not_answered_is_in_flight_and_never_cancelled) {
  postgres_server server{postgres_server_options{.fsync = false}};
  server.start();
  server.wait_ready();
  client c{settings_for(server)};
  c.execute("create table a(x int)").value();
  c.begin().value();
  c.execute("insert into a values (1)").value();
  server.pause();
  const auto before = c.rt().now();
  const auto r = c.commit(100ms);
  EXPECT_LT(c.rt().now() - before, 150ms);
  server.resume();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  EXPECT_EQ(r.error().effect, side_effect::unknown);
  EXPECT_EQ(r.error().when, phase::commit_in_flight);
  client later{settings_for(server)};
  EXPECT_EQ(later.one("select count(*) from a"), value{std::int64_t{1}});
}

std::size_t threads() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator{"/proc/self/task"}, {}));
}

TEST(postgres_server_death, a_silent_server_holds_few_threads_and_runs_nothing_afterwards) {
  postgres_server server{postgres_server_options{.fsync = false}};
  server.start();
  server.wait_ready();
  client opener{settings_for(server)};
  const auto sleep = [&](sql_connection& on, double seconds, duration limit) {
    const std::vector<value> parameters{seconds};
    return run_inline(
        on.execute(opener.rt(), {"select pg_sleep($1)", parameters}, nullptr, opener.in(limit)));
  };
  std::vector<connection_ptr> links;
  for (int i = 0; i < most_errands + 2; ++i) {
    links.push_back(opener.open().value());
    sleep(*links.back(), 0, 5s).value(); // prepared
  }
  const auto baseline = threads();
  server.pause();
  for (auto& link : links) {
    const auto before = opener.rt().now();
    EXPECT_FALSE(sleep(*link, 60, 20ms));
    link->close(); // does not wait for the silent peer either
    EXPECT_LT(opener.rt().now() - before, 150ms);
  }
  EXPECT_LE(threads(), baseline + most_errands);
  server.resume();
  const auto until = opener.in(5s);
  while (threads() > baseline && !until.expired(opener.rt().now()))
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(threads(), baseline);
  const auto asleep = [&] {
    return std::get<std::int64_t>(
        opener.one("select count(*) from pg_stat_activity "
                   "where state = 'active' and query = 'select pg_sleep($1)'"));
  };
  while (asleep() != 2 && !until.expired(opener.rt().now())) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(asleep(), 2); // no thread was left for those
}

TEST(postgres_server_death, a_killed_server_and_its_way_back) {
  postgres_server server{postgres_server_options{.fsync = false}};
  server.start();
  server.wait_ready();
  client c{settings_for(server)};
  c.execute("create table a(x int)").value();
  client d{settings_for(server)};
  d.ping().value();
  server.kill_hard();
  const auto w = c.execute("insert into a values (1)");
  ASSERT_FALSE(w);
  EXPECT_EQ(w.error().effect, side_effect::none); // the peer was gone before anything left
  const auto down = c.open();
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, errc::connect_refused);
  server.start();
  const auto until = c.in(10s);
  while (true) { // refused, starting, or cut: each condemns the host, and none hangs
    const auto opened = c.open();
    if (opened) break;
    EXPECT_TRUE(c.driver().condemns_host(opened.error())) << to_string(opened.error());
    ASSERT_FALSE(until.expired(c.rt().now()));
    std::this_thread::sleep_for(2ms);
  }
}

TEST(postgres_server_death, killed_at_work_a_read_is_lost_and_a_write_is_unknown) {
  postgres_server server{postgres_server_options{.fsync = false}};
  server.start();
  server.wait_ready();
  client reader{settings_for(server)};
  client writer{settings_for(server)};
  client blocked{settings_for(server)};
  reader.execute("create table a(x int)").value();
  writer.ping().value();
  blocked.begin().value();
  const auto runs = [](client& c, const char* sql) {
    return std::async(std::launch::async, [&c, sql] { return c.execute(sql, {}, nullptr, 20s); });
  };
  auto read = runs(reader, "select pg_sleep(15)");
  auto write = runs(writer, "insert into a select 1 from pg_sleep(15)");
  auto inside = runs(blocked, "insert into a select 1 from pg_sleep(15)");
  client boss{settings_for(server)};
  while (boss.one("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") !=
         value{std::int64_t{3}})
    std::this_thread::sleep_for(5ms);
  const auto before = boss.rt().now();
  server.kill_hard();
  const auto r = read.get();
  const auto w = write.get();
  const auto i = inside.get();
  EXPECT_LT(boss.rt().now() - before, 5s);
  ASSERT_FALSE(r || w || i);
  for (const auto* e : {&r.error(), &w.error(), &i.error()}) {
    EXPECT_EQ(e->code, errc::connection_lost);
    EXPECT_EQ(e->when, phase::sent);
    EXPECT_FALSE(e->connection_usable);
    EXPECT_FALSE(e->message.empty());
  }
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_EQ(w.error().effect, side_effect::unknown);
  EXPECT_EQ(i.error().effect, side_effect::none); // no COMMIT was ever sent
  EXPECT_EQ(i.error().next, advice::retry_transaction);
  for (auto* c : {&reader, &writer, &blocked}) EXPECT_FALSE(c->ping());
}

TEST(postgres_server_death, a_large_parameter_and_a_large_result_pass_each_other) {
  client c{settings_for(shared_server())};
  const std::string big(8'000'000, 'x');
  EXPECT_EQ(c.one("select $1::text", {big}), value{big});
  // Notices come while we still write: flushing must read.
  c.execute(
       "do $$ begin for i in 1..2000 loop raise notice '%', repeat('n', 1000); end loop; end $$")
      .value();
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
