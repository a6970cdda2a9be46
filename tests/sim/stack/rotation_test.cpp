// A rotated password: sessions that entered with the old one go, and no borrower notices.
#include "database/transaction_core.hpp"
#include "sim/stack/town.hpp"

#include <holdfast/parameter.hpp>

#include <algorithm>
#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

database_options roomy() {
  database_options o;
  o.name = "sim";
  o.pool.min_size = 3;
  o.pool.max_size = 5;
  o.health.interval.reset();
  o.log.enabled = false;
  return o;
}

/// Holds its connection for a while, and writes at the end.
class long_write final : public detail::block {
public:
  long_write(sim_runtime& rt, duration takes) : rt_{rt}, takes_{takes} {}
  task<void> run(detail::transaction_core& tx) override {
    ++runs;
    (void)co_await rt_.sleep_until(rt_.now() + takes_);
    const auto parameters = to_parameters(std::string{"long"});
    const statement what{"INSERT MARK", parameters};
    auto done = co_await tx.execute(what, nullptr);
    done.value();
  }
  std::string result_text() const override { return "null"; }
  bool restore(std::string_view) override { return true; }
  int runs = 0;

private:
  sim_runtime& rt_;
  duration takes_;
};

struct stack_rotation : ::testing::Test, town {
  stack_rotation() : town{7, roomy()} {}
  void SetUp() override { ASSERT_TRUE(loop->run(db->open(*loop))); }
  void TearDown() override {
    EXPECT_TRUE(loop->run(db->close(*loop, 5s)));
    loop->cancel();
    db.reset();
    world.run_for(1s);
  }

  void borrow(duration takes) {
    runtimes.emplace_back(world);
    runtimes.back().spawn(write(runtimes.back(), takes));
  }
  task<void> write(sim_runtime& rt, duration takes) {
    ++active;
    long_write body{rt, takes};
    const transaction_options how{.name = "long"};
    auto end = co_await db->transact(rt, how, std::source_location::current(), body);
    EXPECT_TRUE(end.outcome);
    runs += body.runs;
    --active;
  }
  /// Open sessions that entered with this credential.
  [[nodiscard]] std::ptrdiff_t entered_with(std::uint64_t credential) const {
    return std::count_if(store->entered.begin(), store->entered.end(),
                         [=](const auto& session) { return session.second == credential; });
  }
  int runs = 0;
};

TEST_F(stack_rotation, all_sessions_are_new_afterwards_and_no_borrower_was_disturbed) {
  for (int i = 0; i < 4; ++i) borrow(10s);
  world.run_for(1s);
  ASSERT_EQ(entered_with(0), 4);
  ++store->credential;
  borrow(1ms); // all others are out: it needs a connect
  world.run_for(4s);
  EXPECT_EQ(active, 4);
  EXPECT_EQ(entered_with(0), 4) << "a borrower lost its connection";
  world.run_for(20s);
  EXPECT_EQ(active, 0);
  EXPECT_EQ(runs, 5) << "a block had to run again";
  EXPECT_EQ(store->marks["long"], 5);
  EXPECT_EQ(entered_with(0), 0);
  EXPECT_GE(entered_with(1), 3);
}

TEST_F(stack_rotation, idle_sessions_go_within_seconds_of_the_first_new_connect) {
  for (int i = 0; i < 4; ++i) borrow(10ms);
  world.run_for(1s);
  ASSERT_EQ(entered_with(0), 4);
  ++store->credential;
  world.run_for(10s);
  EXPECT_EQ(entered_with(0), 4) << "no connect yet: nobody can know";
  for (int i = 0; i < 5; ++i) borrow(10ms);
  world.run_for(5s);
  EXPECT_EQ(entered_with(0), 0);
}

TEST_F(stack_rotation, a_rotation_costs_each_connection_once) {
  ++store->credential;
  for (int i = 0; i < 5; ++i) borrow(10ms);
  world.run_for(10s);
  const auto made = store->sessions;
  EXPECT_LE(made, 3U + 2U + 5U) << "those of the start, those that came, and one for each";
  world.run_for(1min);
  EXPECT_EQ(store->sessions, made) << "still turning over";
}

} // namespace
} // namespace holdfast::testing
