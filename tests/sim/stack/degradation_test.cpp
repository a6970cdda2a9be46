// Hedged and stale reads over the whole stack, in virtual time.
#include "sim/stack/town.hpp"

#include <holdfast/parameter.hpp>
#include <holdfast/row.hpp>

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

database_options plain() {
  database_options o;
  o.name = "sim";
  o.pool.min_size = 3;
  o.pool.max_size = 4;
  o.pool.ping_after_idle = 1h; // the slow message is to be a statement's
  o.health.interval.reset();
  o.log.enabled = false;
  return o;
}

struct stack_degradation : ::testing::Test, town {
  stack_degradation() : town{11, plain()} {}
  void SetUp() override {
    ASSERT_TRUE(loop->run(db->open(*loop)));
    world.run_for(1s);
  }
  void TearDown() override {
    store->start();
    EXPECT_TRUE(loop->run(db->close(*loop, 5s)));
    loop->cancel();
    db.reset();
    world.run_for(1s);
    EXPECT_EQ(store->open, 0);
  }

  result<std::int64_t> read(const call_options& how, std::string_view text = "SELECT TOTAL") {
    typed_value<std::int64_t> total;
    const statement what{text, {}};
    auto done = loop->run(db->execute(*loop, what, &total, how, std::source_location::current()));
    if (!done) return std::move(done.error());
    auto seen = total.take();
    if (!seen) return std::move(seen.error());
    return seen->value();
  }
  void warm(const call_options& how) {
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(read(how));
  }
};

constexpr std::int64_t all = accounts * riches;

TEST_F(stack_degradation, a_slow_read_is_answered_by_its_hedge_and_the_loser_is_closed) {
  const call_options hedged{.hedge = true};
  warm(hedged);
  const auto sessions = store->sessions;
  const auto before = store->open;
  store->slow_once = 20s;
  const time_point began = world.now();
  EXPECT_EQ(read(hedged).value(), all);
  EXPECT_LT(world.now() - began, 50ms);
  const auto s = db->status();
  EXPECT_EQ(s.hedges, 1U);
  EXPECT_EQ(s.hedges_won, 1U);
  world.run_for(100ms);
  EXPECT_EQ(db->status().hosts[0].pool.in_use, 0U) << "the loser still runs";
  EXPECT_EQ(store->entered.size() + 1,
            static_cast<std::size_t>(before) + (store->sessions - sessions))
      << "the loser's connection is to be closed, and no other";
}

/// Each message takes as long as the others.
struct steady final : mishap_source {
  std::optional<duration> strikes(mishap what, const runtime&) override {
    return what == mishap::stall ? std::optional<duration>{5ms} : std::nullopt;
  }
};

TEST(stack_hedge, an_answer_in_the_moment_of_the_hedge_leaves_the_hedge_with_what_it_needs) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    steady pace;
    auto o = plain();
    o.retry_budget.capacity = 1000;
    town t{seed, o};
    ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
    t.world.run_for(1s);
    t.store->script = &pace; // so a read takes the 10 ms after which it is hedged
    for (int i = 0; i < 200; ++i) {
      typed_value<std::int64_t> total;
      const statement what{"SELECT TOTAL", {}};
      const call_options how{.hedge = true};
      auto read = t.db->execute(*t.loop, what, &total, how, std::source_location::current());
      ASSERT_TRUE(t.loop->run(std::move(read)));
      t.world.run_for(1ms); // a second attempt may begin only now
    }
    EXPECT_GE(t.db->status().hedges, 20U) << "the moments never met";
    t.store->script = nullptr;
    EXPECT_TRUE(t.loop->run(t.db->close(*t.loop, 5s)));
    t.loop->cancel();
    t.db.reset();
    t.world.run_for(1s);
  }
}

TEST_F(stack_degradation, who_does_not_ask_waits) {
  warm({});
  store->slow_once = 2s;
  const time_point began = world.now();
  EXPECT_EQ(read({}).value(), all);
  EXPECT_GE(world.now() - began, 2s);
  EXPECT_EQ(db->status().hedges, 0U);
}

TEST_F(stack_degradation, hedges_are_paid_from_the_budget_of_retries) {
  const call_options hedged{.hedge = true};
  warm(hedged);
  const double before = db->status().retry_budget;
  for (int i = 0; i < 30; ++i) {
    store->slow_once = 1s;
    ASSERT_TRUE(read(hedged));
  }
  const auto s = db->status();
  EXPECT_LE(s.hedges, 13U) << "ten in the bucket, and a tenth for each success";
  EXPECT_GE(s.hedges, 9U);
  EXPECT_LT(s.retry_budget, before);
}

TEST_F(stack_degradation, a_hedge_that_nobody_can_carry_out_is_not_sent) {
  const call_options hedged{.hedge = true};
  warm(hedged);
  std::deque<typed_value<std::int64_t>> rows(4);
  for (auto& r : rows) { // all connections are busy, and one more caller waits
    store->slow_once = 5s;
    runtimes.emplace_back(world);
    runtimes.back().spawn([](town& t, sim_runtime& rt, row_sink& to) -> task<void> {
      const statement what{"SELECT TOTAL", {}};
      auto done = co_await t.db->execute(rt, what, &to, {}, std::source_location::current());
      EXPECT_TRUE(done);
    }(*this, runtimes.back(), r));
    world.run_for(20ms);
  }
  EXPECT_EQ(db->status().hosts[0].pool.in_use, 4U);
  EXPECT_EQ(read(hedged).value(), all);
  EXPECT_EQ(db->status().hedges, 0U);
  world.run_for(10s); // the others end, too
}

TEST_F(stack_degradation, a_write_is_not_hedged) {
  const auto parameters = to_parameters(std::string{"m"});
  const statement write{"INSERT MARK", parameters};
  for (const call_options& how :
       {call_options{.hedge = true}, call_options{.operation_key = "k", .hedge = true},
        call_options{.max_stale = 1s}}) {
    auto done = loop->run(db->execute(*loop, write, nullptr, how, std::source_location::current()));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, errc::invalid_configuration);
  }
  EXPECT_TRUE(store->marks.empty());
}

TEST_F(stack_degradation, an_outage_is_bridged_by_the_last_answer_and_told) {
  read_source from;
  const call_options how{.max_stale = 30s, .served = &from};
  EXPECT_EQ(read(how).value(), all);
  EXPECT_FALSE(from.stale);
  store->stop();
  world.run_for(10s);
  const time_point began = world.now();
  EXPECT_EQ(read(how).value(), all);
  EXPECT_TRUE(from.stale);
  EXPECT_GE(from.age, 10s);
  EXPECT_LE(from.age, 12s);
  EXPECT_LT(world.now() - began, 2s) << "it waited for the host although it had an answer";
  EXPECT_EQ(db->status().served_stale, 1U);
  // Too old, never asked, or asked without `max_stale`: the real cause.
  EXPECT_EQ(read({.max_stale = 5s, .served = &from}).error().kind, category::connection);
  EXPECT_EQ(read({.deadline = 2s}).error().effect, side_effect::none);
  EXPECT_FALSE(read({.deadline = 2s, .max_stale = 30s, .served = &from}, "SELECT TABLE"));
  store->start();
  world.run_for(1s);
  EXPECT_EQ(read(how).value(), all);
  EXPECT_FALSE(from.stale) << "live again, as soon as there is a server";
  EXPECT_EQ(from.age, 0s);
}

TEST_F(stack_degradation, a_refusal_is_told_though_an_old_answer_is_there) {
  read_source from;
  EXPECT_TRUE(read({.max_stale = 30s, .served = &from}));
  store->rates.conflict = 1; // each statement, for good
  const auto r = read({.max_stale = 30s, .served = &from});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::serialization_failure);
  EXPECT_FALSE(from.stale);
  store->rates.conflict = 0;
}

TEST_F(stack_degradation, stale_without_a_place_to_say_so_is_refused) {
  EXPECT_EQ(read({.max_stale = 30s}).error().code, errc::invalid_configuration);
}

} // namespace
} // namespace holdfast::testing
