// When a second attempt is made, and what becomes of the two: in virtual time.
#include <holdfast/hedge.hpp>
#include <holdfast/pipeline.hpp>
#include <holdfast/simulation.hpp>

#include <gtest/gtest.h>
#include <random>
#include <stdexcept>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

TEST(P95, settles_where_one_in_twenty_lies_above) {
  std::mt19937_64 random{7};
  p95_estimate usual;
  for (int i = 0; i < 20'000; ++i) usual.add(1ms + random() % 1000 * 100us); // up to 101 ms
  std::vector<double> seen;
  for (int i = 0; i < 2000; ++i) {
    usual.add(1ms + random() % 1000 * 100us);
    seen.push_back(static_cast<double>(usual.value() / 1us) / 1000);
  }
  double sum = 0;
  for (const double s : seen) sum += s;
  EXPECT_NEAR(sum / 2000, 96, 4);
}

TEST(P95, finds_its_way_from_a_first_sample_far_off) {
  p95_estimate usual;
  usual.add(10s); // the first read connects and prepares
  for (int i = 0; i < 2000; ++i) usual.add(2ms);
  EXPECT_LT(usual.value(), 20ms);
  EXPECT_GE(usual.value(), 2ms);
  for (int i = 0; i < 100; ++i) usual.add(1s);
  EXPECT_GT(usual.value(), 500ms);
}

TEST(HedgeAfter, needs_samples_keeps_to_the_floor_and_to_the_deadline) {
  const hedge_options o{10ms, 20, 1.0};
  EXPECT_EQ(hedge_after(o, 50ms, 19, 1s), std::nullopt);
  EXPECT_EQ(hedge_after(o, 50ms, 20, 1s), 50ms);
  EXPECT_EQ(hedge_after(o, 1ms, 20, 1s), 10ms);
  EXPECT_EQ(hedge_after(o, 1s, 20, 1s), std::nullopt);
}

struct Hedge : testing::Test {
  simulator world{3};
  sim_runtime rt{world};
  pipeline_options options;
  std::vector<duration> takes;      // of each attempt, in order; then the last for ever
  std::vector<side_effect> effects; // of each failure; then none
  std::size_t made = 0;
  int cancelled = 0;
  run_options call;

  Hedge() {
    options.retry.statement.max_retries = 0;
    call.idempotent = true;
    call.hedge = true;
  }
  auto fn() {
    return [this](attempt& a) -> task<result<int>> {
      const std::size_t mine = made++;
      const duration t = takes[std::min(mine, takes.size() - 1)];
      runtime& home = a.home();
      const wait_status woke = co_await home.sleep_until(home.now() + std::chrono::abs(t));
      if (woke == wait_status::cancelled) {
        ++cancelled;
        co_return make_error(errc::cancelled, "");
      }
      if (t < 0s) {
        error e = make_error(errc::connection_lost, "attempt " + std::to_string(mine));
        if (mine < effects.size()) e.effect = effects[mine];
        co_return e;
      }
      co_return static_cast<int>(mine);
    };
  }
  result<int> run(pipeline& p) { return rt.run(p.run(rt, fn(), call)); }
  void warm(pipeline& p, int times = 30) {
    takes = {5ms}; // so a hedge comes at the floor: 10 ms
    for (int i = 0; i < times; ++i) ASSERT_TRUE(run(p));
    made = 0;
  }
};

TEST_F(Hedge, a_slow_attempt_gets_a_second_and_the_first_answer_counts) {
  pipeline p{options, 1};
  warm(p);
  takes = {10s, 5ms};
  const auto began = world.now();
  EXPECT_EQ(*run(p), 1);
  EXPECT_EQ(world.now() - began, 15ms);
  EXPECT_EQ(made, 2U);
  world.run_for(1s);
  EXPECT_EQ(cancelled, 1) << "the loser was left running";
  EXPECT_NEAR(p.budget().balance(), 9.1, 1e-9);
}

TEST_F(Hedge, the_first_may_still_win_and_the_second_is_cancelled) {
  pipeline p{options, 1};
  warm(p);
  takes = {30ms, 1s};
  EXPECT_EQ(*run(p), 0);
  world.run_for(5s);
  EXPECT_EQ(cancelled, 1);
}

TEST_F(Hedge, usual_calls_have_one_attempt) {
  pipeline p{options, 1};
  warm(p);
  takes = {9ms};
  EXPECT_TRUE(run(p));
  EXPECT_EQ(made, 1U);
}

TEST_F(Hedge, none_before_it_is_known_what_is_usual) {
  pipeline p{options, 1};
  warm(p, 19);
  takes = {10s, 5ms};
  EXPECT_EQ(*run(p), 0);
  EXPECT_EQ(made, 1U);
}

TEST_F(Hedge, at_most_one_extra) {
  pipeline p{options, 1};
  warm(p);
  takes = {10s};
  EXPECT_TRUE(run(p));
  world.run_for(1s); // the loser ends
  EXPECT_EQ(made, 2U);
}

TEST_F(Hedge, an_empty_budget_allows_none) {
  pipeline p{options, 1};
  warm(p);
  ASSERT_TRUE(p.budget().try_spend(9.5));
  takes = {10s, 5ms};
  EXPECT_EQ(*run(p), 0);
  EXPECT_EQ(made, 1U);
}

TEST_F(Hedge, a_failed_second_leaves_the_first_to_answer) {
  pipeline p{options, 1};
  warm(p);
  takes = {1s, -5ms};
  EXPECT_EQ(*run(p), 0);
}

TEST_F(Hedge, a_failed_first_waits_for_the_second) {
  pipeline p{options, 1};
  warm(p);
  takes = {-30ms, 100ms};
  EXPECT_EQ(*run(p), 1);
}

TEST_F(Hedge, when_both_fail_the_first_ones_error_is_told_once) {
  pipeline p{options, 1};
  warm(p);
  takes = {-30ms, -5ms};
  const auto r = run(p);
  EXPECT_EQ(r.error().code, errc::connection_lost);
  EXPECT_NE(r.error().message.find("attempt 0"), std::string::npos) << r.error().message;
}

TEST_F(Hedge, when_both_fail_a_write_that_one_of_them_may_have_made_is_not_denied) {
  pipeline p{options, 1};
  for (const auto& seen : {std::vector{side_effect::none, side_effect::unknown},
                           std::vector{side_effect::unknown, side_effect::none}}) {
    effects.clear();
    warm(p);
    effects = seen;
    takes = {-30ms, -5ms};
    const auto r = run(p);
    EXPECT_EQ(r.error().effect, side_effect::unknown);
    EXPECT_NE(r.error().message.find("attempt 0"), std::string::npos) << r.error().message;
  }
}

TEST_F(Hedge, a_cancelled_call_cancels_both) {
  pipeline p{options, 1};
  warm(p);
  takes = {10s};
  sim_runtime caller{world};
  std::optional<result<int>> got;
  caller.spawn([](pipeline& pl, sim_runtime& on, auto f, run_options c,
                  std::optional<result<int>>& out) -> task<void> {
    auto work = pl.run(on, f, c);
    out.emplace(co_await std::move(work));
  }(p, caller, fn(), call, got));
  world.run_for(100ms);
  EXPECT_EQ(made, 2U);
  caller.cancel();
  world.run_for(100ms);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error().code, errc::cancelled);
  EXPECT_EQ(cancelled, 2);
}

TEST_F(Hedge, a_foreign_exception_leaves_as_it_came) {
  pipeline p{options, 1};
  const auto throws = []() -> task<int> {
    throw std::out_of_range{"x"};
    co_return 0;
  };
  EXPECT_THROW((void)rt.run(p.run(rt, throws, call)), std::out_of_range);
}

TEST_F(Hedge, only_what_may_be_done_twice_and_can_be_cancelled) {
  pipeline p{options, 1};
  EXPECT_THROW((void)p.run([] { return 1; }, call), configuration_error) << "nobody can race";
  call.idempotent = false;
  EXPECT_THROW((void)p.run(rt, fn(), call), configuration_error);
  options.hedge.floor = 0s;
  EXPECT_THROW((pipeline{options}), configuration_error);
}

} // namespace
} // namespace holdfast
