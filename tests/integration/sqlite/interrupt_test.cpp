// Statements that are ended while they run.
#include "sqlite_fixture.hpp"

#include <holdfast/service.hpp>

#include <future>
#include <stop_token>
#include <thread>

namespace holdfast::drivers::sqlite::testing {
namespace {

class sqlite_interrupt_test : public sqlite_test {
protected:
  void SetUp() override {
    sqlite_test::SetUp();
    auto db = open();
    ASSERT_TRUE(db.script("CREATE TABLE t(a); INSERT INTO t VALUES (1)"));
  }
};

TEST_F(sqlite_interrupt_test, runaway_statement_ends_at_its_deadline) {
  auto db = open();
  const auto start = std::chrono::steady_clock::now();
  const auto r = db.execute(runaway, {}, nullptr, 200ms);
  const auto took = since(start);
  ASSERT_FALSE(r);
  EXPECT_GE(took, 195ms);
  EXPECT_LE(took, 250ms);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_FALSE(r.error().connection_usable) << "never handed to another caller";
}

TEST_F(sqlite_interrupt_test, streamed_rows_end_at_the_deadline_too) {
  auto db = open();
  struct counter final : row_sink {
    std::int64_t rows = 0;
    void columns(std::span<const column>) override {}
    result<void> row(std::span<value>) override {
      ++rows;
      return {};
    }
  } sink;
  const auto start = std::chrono::steady_clock::now();
  const auto r = db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                            "SELECT i FROM n",
                            {}, &sink, 100ms);
  ASSERT_FALSE(r);
  EXPECT_LE(since(start), 150ms);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  EXPECT_FALSE(r.error().connection_usable);
  EXPECT_GT(sink.rows, 1000);
}

TEST_F(sqlite_interrupt_test, script_ends_at_its_deadline) {
  auto db = open();
  const std::string text = "INSERT INTO t VALUES (2); " + std::string{runaway};
  const auto r = run_inline(db.it->script(db.rt, text, db.in(100ms)));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  EXPECT_EQ(r.error().effect, side_effect::applied) << "the first statement stays";
  EXPECT_FALSE(r.error().connection_usable);
}

TEST_F(sqlite_interrupt_test, whole_transaction_is_gone_and_its_lock_too) {
  auto db = open();
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (2)"));
  const auto r = db.execute(runaway, {}, nullptr, 50ms);
  ASSERT_FALSE(r);
  EXPECT_FALSE(r.error().transaction_usable);
  EXPECT_FALSE(r.error().connection_usable);
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_EQ(db.it->in_transaction(), transaction_status::none);
  auto other = open();
  EXPECT_TRUE(other.execute("INSERT INTO t VALUES (3)", {}, nullptr, 100ms));
  EXPECT_EQ(other.number("SELECT count(*) FROM t"), 2);
}

TEST_F(sqlite_interrupt_test, runaway_write_is_undone) {
  auto db = open();
  const auto r = db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                            "INSERT INTO t SELECT i FROM n",
                            {}, nullptr, 100ms);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_EQ(open().number("SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_interrupt_test, passed_deadline_runs_nothing) {
  auto db = open();
  const auto r = db.execute("DELETE FROM t", {}, nullptr, 0ms);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  EXPECT_EQ(r.error().when, phase::not_sent);
  EXPECT_TRUE(r.error().connection_usable);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1);
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("DELETE FROM t"));
  const auto late = db.commit(0ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().effect, side_effect::none);
  EXPECT_EQ(db.it->in_transaction(), transaction_status::none) << "a late commit rolls back";
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_interrupt_test, cancelled_statement_ends) {
  auto db = open();
  std::stop_source stop;
  thread_runtime rt{nullptr, stop.get_token()};
  std::jthread canceller{[&] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  }};
  const auto start = std::chrono::steady_clock::now();
  const statement what{.sql = runaway, .parameters = {}};
  const auto r = run_inline(db.it->execute(rt, what, nullptr, deadline::after(rt.now(), 10s)));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::cancelled);
  EXPECT_FALSE(r.error().connection_usable);
  EXPECT_LT(since(start), 500ms);
}

TEST_F(sqlite_interrupt_test, interrupt_from_another_thread_breaks_the_connection) {
  auto db = open();
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("DELETE FROM t"));
  std::jthread breaker{[&] {
    std::this_thread::sleep_for(50ms);
    db.it->interrupt();
  }};
  const auto r = db.execute(runaway);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::connection_lost);
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_FALSE(r.error().connection_usable);
  const auto after = db.execute("SELECT 1");
  ASSERT_FALSE(after) << "broken for good";
  EXPECT_FALSE(after.error().connection_usable);
  db.it->close();
  db.it->interrupt(); // nothing there any more, and no harm
  EXPECT_EQ(open().number("SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_interrupt_test, interrupt_and_close_may_meet) {
  for (int i = 0; i < 50; ++i) {
    auto db = open();
    std::jthread breaker{[&] { db.it->interrupt(); }};
    db.it->close();
  }
}

// The same connection on an event loop: the calls go to workers, the loop stays free.
TEST_F(sqlite_interrupt_test, event_loop_runs_on_while_a_statement_does) {
  service loop;
  auto& rt = *loop.background();
  auto db = open();
  std::promise<error> ended;
  std::promise<std::chrono::milliseconds> ticked;
  auto statement_task = [](runtime& on, sql_connection& c, std::promise<error>& out) -> task<void> {
    const statement what{.sql = runaway, .parameters = {}};
    auto running = c.execute(on, what, nullptr, deadline::after(on.now(), 300ms));
    auto r = co_await std::move(running);
    out.set_value(r ? error{} : std::move(r).error());
  };
  auto tick_task = [](runtime& on, std::promise<std::chrono::milliseconds>& out) -> task<void> {
    const auto start = std::chrono::steady_clock::now();
    auto nap = on.sleep_until(on.now() + 20ms);
    co_await nap;
    out.set_value(since(start));
  };
  rt.spawn(statement_task(rt, *db.it, ended));
  rt.spawn(tick_task(rt, ticked));
  EXPECT_LT(ticked.get_future().get(), 150ms);
  EXPECT_EQ(ended.get_future().get().code, errc::deadline_exceeded);
}

} // namespace
} // namespace holdfast::drivers::sqlite::testing
