#include <holdfast/pipeline.hpp>
#include <holdfast/simulation.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

struct recorder : observer {
  void on_event(const event& e) noexcept override {
    kinds.push_back(e.kind);
    reasons.push_back(e.reason);
    operation = e.operation;
  }
  std::vector<event_kind> kinds;
  std::vector<event_reason> reasons;
  std::string operation;
};

pipeline_options steady() {
  pipeline_options o;
  for (retry_policy* p : {&o.retry.connect, &o.retry.conflict, &o.retry.busy, &o.retry.failover,
                          &o.retry.overload, &o.retry.statement})
    p->backoff.jitter = jitter::none;
  return o;
}

struct Pipeline : testing::Test {
  simulator world{1};
  sim_runtime rt{world};
  time_point start = world.now();
  int calls = 0;

  duration passed() const { return world.now() - start; }
};

TEST_F(Pipeline, success_passes_through_and_feeds_every_layer) {
  auto o = steady();
  o.limiter.enabled = true;
  pipeline p{o, 1};
  ASSERT_TRUE(p.budget().try_spend(5));
  const auto fn = [&]() -> task<int> {
    co_await rt.sleep_until(world.now() + 10ms);
    co_return 3;
  };
  const auto r = rt.run(p.run(rt, fn));
  EXPECT_EQ(*r, 3);
  EXPECT_NEAR(p.budget().balance(), 5.1, 1e-9);
  EXPECT_EQ(p.breaker().snapshot(world.now()).calls, 1U);
  EXPECT_EQ(p.median_attempt(), 10ms);
  EXPECT_EQ(p.limiter().in_use(), 0U);
}

TEST_F(Pipeline, who_got_no_connection_tells_the_breaker_nothing) {
  pipeline p{steady(), 1};
  for (const errc code : {errc::pool_timeout, errc::admission_refused}) {
    const auto r = rt.run(p.run(rt, [code]() -> task<result<int>> {
      auto e = make_error(code, "");
      e.next = advice::give_up;
      co_return e;
    }));
    EXPECT_EQ(r.error().code, code);
  }
  EXPECT_EQ(p.breaker().snapshot(world.now()).calls, 0U);
}

TEST_F(Pipeline, retries_by_the_policy_of_the_kind) {
  pipeline p{steady(), 1};
  const auto fn = [&]() -> task<result<int>> {
    if (++calls == 1) co_return make_error(errc::deadlock, "");
    if (calls == 2) co_return make_error(errc::connection_lost, "");
    if (calls == 3) co_return make_error(errc::connect_refused, "");
    co_return calls;
  };
  const auto r = rt.run(p.run(rt, fn));
  EXPECT_EQ(*r, 4);
  EXPECT_EQ(passed(), 5ms + 0s + 1s);
}

TEST_F(Pipeline, conflicts_never_touch_budget_or_breaker) {
  pipeline p{steady(), 1};
  const auto fn = [&]() -> task<result<int>> { co_return make_error(errc::deadlock, ""); };
  for (int i = 0; i < 20; ++i) {
    const auto r = rt.run(p.run(rt, fn));
    ASSERT_EQ(r.error().code, errc::deadlock);
    ASSERT_EQ(r.error().where.attempt, 11U);
  }
  EXPECT_DOUBLE_EQ(p.budget().balance(), 10);
  EXPECT_EQ(p.breaker().snapshot(world.now()).state, breaker_state::closed);
  EXPECT_DOUBLE_EQ(p.breaker().snapshot(world.now()).failure_rate, 0);
}

// The promise for a full outage, without a monitor: attempts ≤ 1.1 × calls + 10.
TEST_F(Pipeline, the_budget_bounds_attempts_in_an_outage) {
  auto o = steady();
  o.breaker.start_as = breaker_options::mode::disabled;
  pipeline p{o, 1};
  const auto fn = [&]() -> task<result<int>> {
    ++calls;
    co_return make_error(errc::connect_refused, "");
  };
  for (int i = 0; i < 200; ++i) {
    const auto r = rt.run(p.run(rt, fn));
    ASSERT_EQ(r.error().code, errc::connect_refused);
  }
  EXPECT_EQ(calls, 210);
}

TEST_F(Pipeline, an_open_breaker_refuses_and_the_real_cause_comes_back) {
  auto o = steady();
  o.retry.on_outage = on_outage::fail_fast;
  pipeline p{o, 1};
  const auto fn = [&]() -> task<result<int>> {
    ++calls;
    co_return make_error(errc::connect_refused, "the cause");
  };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(rt.run(p.run(rt, fn)).error().code, errc::connect_refused);
  EXPECT_EQ(calls, 10);
  const auto r = rt.run(p.run(rt, fn));
  EXPECT_EQ(r.error().code, errc::circuit_open);
  EXPECT_EQ(calls, 10) << "nothing was attempted";
  EXPECT_EQ(passed(), 0s);
  EXPECT_EQ(r.error().where.attempt, 0U);
}

TEST_F(Pipeline, who_waits_gets_through_when_the_breaker_lets_probes_in) {
  auto o = steady();
  o.retry.connect.max_retries = 4; // patience 15 s
  pipeline p{o, 1};
  bool down = true;
  const auto fn = [&]() -> task<result<int>> {
    ++calls;
    if (down) co_return make_error(errc::server_overloaded, "");
    co_return 1;
  };
  while (p.breaker().snapshot(world.now()).state == breaker_state::closed)
    (void)rt.run(p.run(rt, fn));
  down = false;
  start = world.now();
  const int before = calls;
  const auto r = rt.run(p.run(rt, fn));
  ASSERT_TRUE(r) << to_string(r.error());
  EXPECT_EQ(calls, before + 1);
  EXPECT_GE(passed(), 5s);
  EXPECT_LE(passed(), 7s);
}

TEST_F(Pipeline, the_limiter_refuses_and_its_place_is_given_back) {
  auto o = steady();
  o.limiter.enabled = true;
  o.limiter.ceiling = 1;
  pipeline p{o, 1};
  auto taken = p.limiter().try_acquire();
  const auto fn = [&]() -> task<int> { co_return ++calls; };
  auto r = rt.run(p.run(rt, fn));
  EXPECT_EQ(r.error().code, errc::admission_refused);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(passed(), 700ms) << "it knocked three times more";
  taken = {};
  EXPECT_TRUE(rt.run(p.run(rt, fn)));
  const auto throws = [&]() -> task<int> {
    throw std::logic_error{"x"};
    co_return 0;
  };
  EXPECT_THROW((void)rt.run(p.run(rt, throws)), std::logic_error);
  EXPECT_EQ(p.limiter().in_use(), 0U);
  EXPECT_EQ(p.breaker().snapshot(world.now()).calls, 1U) << "a foreign exception says nothing";
}

TEST_F(Pipeline, each_attempt_has_its_own_timeout_within_the_deadline) {
  auto o = steady();
  o.attempt_timeout = 2s;
  o.deadline = 5s;
  pipeline p{o, 1};
  std::vector<duration> limits;
  const auto fn = [&](attempt& a) -> task<result<int>> {
    limits.push_back(a.remaining());
    co_await rt.sleep_until(a.until().at());
    co_return make_error(errc::connection_lost, "");
  };
  const auto r = rt.run(p.run(rt, fn));
  EXPECT_EQ(r.error().code, errc::connection_lost);
  EXPECT_EQ(limits, (std::vector<duration>{2s, 2s, 500ms}));
}

TEST_F(Pipeline, declines_by_the_median_it_learned) {
  auto o = steady();
  pipeline p{o, 1};
  bool well = true;
  const auto fn = [&]() -> task<result<int>> {
    ++calls;
    co_await rt.sleep_until(world.now() + 1s);
    if (well) co_return 1;
    co_return make_error(errc::connect_refused, "");
  };
  EXPECT_TRUE(rt.run(p.run(rt, fn)));
  well = false;
  run_options call;
  call.deadline = 2900ms; // 1 s attempt, 1 s pause, 900 ms left: too short
  EXPECT_EQ(rt.run(p.run(rt, fn, call)).error().where.attempt, 1U);
  call.deadline = 3100ms;
  EXPECT_EQ(rt.run(p.run(rt, fn, call)).error().where.attempt, 2U);
}

TEST_F(Pipeline, tells_what_it_does) {
  auto events = std::make_shared<recorder>();
  auto o = steady();
  o.events = events;
  o.retry.statement.max_retries = 1;
  pipeline p{o, 1};
  const auto fn = [&]() -> task<result<int>> { co_return make_error(errc::connection_lost, ""); };
  run_options call;
  call.name = "seat.lookup";
  const auto r = rt.run(p.run(rt, fn, call));
  using enum event_kind;
  EXPECT_EQ(events->kinds,
            (std::vector{attempt_failed, retry_scheduled, attempt_failed, retry_declined}));
  EXPECT_EQ(events->reasons.back(), event_reason::attempts);
  EXPECT_EQ(events->operation, "seat.lookup");
  EXPECT_EQ(r.error().where.operation, "seat.lookup");
}

TEST_F(Pipeline, blocking_form_returns_or_throws_like_the_callable) {
  auto o = steady();
  o.retry.statement.backoff = {1ns, 1ns, 1.0, jitter::none};
  pipeline p{o, 1};
  EXPECT_EQ(p.run([] { return 1; }), 1);
  const result<int> r = p.run([] { return result<int>{2}; });
  EXPECT_EQ(*r, 2);
  EXPECT_EQ(p.run([&] {
    if (++calls < 3) throw_error(make_error(errc::connection_lost, ""));
    return calls;
  }),
            3);
  EXPECT_THROW(p.run([] { throw_error(make_error(errc::connection_lost, "")); }), connection_error);
  EXPECT_THROW(p.run([] { throw std::out_of_range{"x"}; }), std::out_of_range);
  const result<void> t = p.try_run([] { throw_error(make_error(errc::unique_violation, "")); });
  EXPECT_EQ(t.error().code, errc::unique_violation);
}

TEST_F(Pipeline, known_exceptions_count_against_the_callee) {
  auto o = steady();
  o.retry.statement.backoff = {1ns, 1ns, 1.0, jitter::none};
  o.retry.statement.max_retries = 20;
  o.retry.on_outage = on_outage::fail_fast; // else it waits for the breaker, in real time
  o.budget.capacity = 100;
  o.retry_if = [](const std::exception&) { return true; };
  pipeline p{o, 1};
  EXPECT_THROW(p.run([&] { ++calls, throw std::runtime_error{"flaky"}; }), std::runtime_error);
  EXPECT_EQ(calls, 10) << "then the breaker opened, and what left is the exception itself";
}

TEST_F(Pipeline, moves_values_that_cannot_be_copied) {
  pipeline p{steady(), 1};
  auto owned = p.run([] { return std::make_unique<int>(5); });
  EXPECT_EQ(*owned, 5);
  const auto fn = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(6); };
  const auto r = rt.run(p.run(rt, fn));
  EXPECT_EQ(**r, 6);
}

TEST_F(Pipeline, rejects_impossible_options_all_at_once) {
  auto o = steady();
  o.deadline = 0s;
  o.attempt_timeout = 0s;
  o.budget.capacity = -1;
  try {
    const pipeline p{o};
    FAIL();
  } catch (const configuration_error& e) {
    const auto& m = e.details().message;
    for (const char* key : {"deadline", "attempt_timeout", "retry_budget.capacity"})
      EXPECT_NE(m.find(key), std::string::npos) << m;
  }
  pipeline p{steady()};
  run_options call;
  call.deadline = 0s;
  EXPECT_THROW((void)p.run([] {}, call), configuration_error);
}

} // namespace
} // namespace holdfast
