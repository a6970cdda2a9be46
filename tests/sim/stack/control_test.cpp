// What callers notice of suspend, resume and close, and which end of a transaction they are told:
// in virtual time.
#include "database/transaction_core.hpp"
#include "sim/stack/town.hpp"

#include <holdfast/parameter.hpp>

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

database_options lazy() {
  database_options o;
  o.name = "sim";
  o.start = start_mode::lazy;
  o.pool.min_size = 0;
  o.pool.max_size = 4;
  o.health.interval.reset();
  o.log.enabled = false;
  return o;
}

struct stack_control : ::testing::Test, town {
  stack_control() : town{11, lazy()} {}
  void SetUp() override { ASSERT_TRUE(loop->run(db->open(*loop))); }
  void TearDown() override {
    store->start();
    store->hanging = false;
    world.run_until([this] { return active == 0; }, 1min);
    (void)loop->run(db->close(*loop, 5s));
    loop->cancel();
    db.reset();
    world.run_for(1s);
    EXPECT_EQ(store->open, 0);
  }

  task<void> write_on(sim_runtime& rt) {
    const auto parameters = to_parameters(std::string{"m"});
    const statement what{"INSERT MARK", parameters};
    const call_options how{.deadline = 30s, .name = "mark", .fail_fast = hurried};
    auto done = co_await db->execute(rt, what, nullptr, how, std::source_location::current());
    --active;
    if (!done) last = done.error();
  }
  void begin_write() {
    ++active;
    runtimes.emplace_back(world);
    runtimes.back().spawn(write_on(runtimes.back()));
  }

  std::optional<error> last;
  bool hurried = false;
};

TEST_F(stack_control, who_waits_for_a_connect_while_the_database_is_suspended_writes_after_resume) {
  begin_write();
  world.run_for(500us); // no connect is that quick
  ASSERT_EQ(db->status().hosts[0].pool.connecting, 1U);
  ASSERT_TRUE(loop->run(db->suspend(*loop, 1s)));
  world.run_for(1s);
  EXPECT_TRUE(store->marks.empty()) << "written after suspend said that nothing is under way";
  EXPECT_EQ(active, 1);
  EXPECT_EQ(db->status().hosts[0].pool.in_use, 0U);
  db->resume();
  world.run_for(1s);
  EXPECT_EQ(active, 0);
  EXPECT_FALSE(last) << last->message;
  EXPECT_EQ(store->marks["m"], 1);
}

TEST_F(stack_control, a_call_that_waits_for_resume_ends_at_once_when_the_database_is_closed) {
  ASSERT_TRUE(loop->run(db->suspend(*loop, 1s)));
  begin_write();
  world.run_for(100ms);
  ASSERT_EQ(active, 1);
  EXPECT_TRUE(loop->run(db->close(*loop, 1s)));
  world.run_for(1ms);
  EXPECT_EQ(active, 0) << "it goes on asking a closed database";
  ASSERT_TRUE(last);
  EXPECT_EQ(last->code, errc::pool_closed);
}

TEST_F(stack_control, who_waits_when_the_database_is_reset_is_not_told_of_an_outage_long_over) {
  hurried = true;
  store->stop();
  begin_write();
  world.run_for(1s);
  ASSERT_EQ(active, 0);
  store->start();
  world.run_for(1h);
  ASSERT_TRUE(db->status().hosts[0].up);
  db->reset();
  store->hanging = true; // so that the next caller waits for a connect
  begin_write();
  world.run_for(100ms);
  ASSERT_EQ(active, 1);
  db->reset();
  world.run_for(100ms);
  EXPECT_EQ(active, 0);
  EXPECT_EQ(last->code, errc::pool_cleared) << last->message;
  EXPECT_NE(last->message.find("reset"), std::string::npos) << last->message;
}

/// Its statement meets a conflict, and then the server is gone.
class failing_block final : public detail::block {
public:
  explicit failing_block(fake_store& store) : store_{store} {}
  task<void> run(detail::transaction_core& tx) override {
    const auto parameters = to_parameters(std::string{"m"});
    const statement what{"INSERT MARK", parameters};
    auto done = co_await tx.execute(what, nullptr);
    if (!done) store_.stop();
    done.value();
  }
  std::string result_text() const override { return "null"; }
  bool restore(std::string_view) override { return true; }

private:
  fake_store& store_;
};

TEST_F(stack_control, an_exception_of_an_earlier_attempt_does_not_hide_how_the_last_one_ended) {
  store->rates.conflict = 1; // each statement
  failing_block body{*store};
  const transaction_options how{.deadline = 500ms, .name = "doomed"};
  auto run = db->transact(*loop, how, std::source_location::current(), body);
  const auto end = loop->run(std::move(run));
  ASSERT_FALSE(end.outcome);
  EXPECT_EQ(end.outcome.error().kind, category::connection) << end.outcome.error().message;
  EXPECT_FALSE(end.thrown) << "thrown by an attempt that was not the last";
  store->rates.conflict = 0;
}

} // namespace
} // namespace holdfast::testing
