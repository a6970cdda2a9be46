#include <holdfast/retry.hpp>
#include <holdfast/simulation.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

// Blocking forms run on the real clock, so their pauses are nanoseconds.
constexpr retry_policy quick{3, {1ns, 1ns, 1.0, jitter::none}};

error lost() { return make_error(errc::connection_lost, "gone"); }

TEST(WithRetry, success_returns_what_the_callable_returns) {
  EXPECT_EQ(with_retry(quick, [] { return 42; }), 42);
  EXPECT_EQ(with_retry(quick, [] { return std::string{"a"}; }), "a");
  const result<int> r = with_retry(quick, [] { return result<int>{7}; });
  EXPECT_EQ(*r, 7);
  int calls = 0;
  with_retry(quick, [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(WithRetry, retries_a_thrown_database_error) {
  int calls = 0;
  const int value = with_retry(quick, [&] {
    if (++calls < 3) throw_error(lost());
    return calls;
  });
  EXPECT_EQ(value, 3);
}

TEST(WithRetry, gives_up_with_the_last_real_error) {
  int calls = 0;
  try {
    with_retry(quick, [&] {
      ++calls;
      throw_error(make_error(errc::connection_lost, "try " + std::to_string(calls)));
    });
    FAIL();
  } catch (const connection_error& e) {
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(e.code(), errc::connection_lost);
    EXPECT_EQ(e.details().where.attempt, 4U);
    EXPECT_NE(e.details().message.find("try 4"), std::string::npos);
  }
}

TEST(WithRetry, a_result_callable_never_throws_database_errors) {
  const result<void> r = with_retry(quick, []() -> result<void> { throw_error(lost()); });
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::connection_lost);
}

TEST(WithRetry, other_exceptions_leave_at_once_as_they_are) {
  int calls = 0;
  EXPECT_THROW(with_retry(quick, [&] { ++calls, throw std::out_of_range{"x"}; }),
               std::out_of_range);
  EXPECT_EQ(calls, 1);
  EXPECT_THROW(with_retry(quick, [] { throw 5; }), int);
}

TEST(WithRetry, the_predicate_admits_other_exceptions) {
  retry_settings s;
  s.retry_if = [](const std::exception& e) { return std::string{e.what()} == "flaky"; };
  int calls = 0;
  EXPECT_EQ(with_retry(
                quick,
                [&] {
                  if (++calls < 3) throw std::runtime_error{"flaky"};
                  return calls;
                },
                s),
            3);
  calls = 0;
  EXPECT_THROW(with_retry(
                   quick, [&] { ++calls, throw std::logic_error{"flaky"}; }, s),
               std::logic_error)
      << "the very exception, not a wrapper";
  EXPECT_EQ(calls, 4);
}

TEST(WithRetry, unsafe_errors_end_it_unless_idempotent) {
  error e = lost();
  e.when = phase::sent;
  e.effect = side_effect::unknown;
  int calls = 0;
  const auto fn = [&]() -> result<void> {
    ++calls;
    return e;
  };
  EXPECT_FALSE(with_retry(quick, fn));
  EXPECT_EQ(calls, 1);
  retry_settings s;
  s.idempotent = true;
  EXPECT_FALSE(with_retry(quick, fn, s));
  EXPECT_EQ(calls, 5);
}

TEST(WithRetry, shares_a_budget) {
  retry_budget budget{{2.0, 0.1}};
  retry_settings s;
  s.budget = &budget;
  int calls = 0;
  const auto fn = [&]() -> result<void> {
    ++calls;
    return lost();
  };
  EXPECT_FALSE(with_retry(quick, fn, s));
  EXPECT_EQ(calls, 3) << "two tokens";
  EXPECT_FALSE(with_retry(quick, fn, s));
  EXPECT_EQ(calls, 4);
  with_retry(
      quick, [] {}, s);
  EXPECT_NEAR(budget.balance(), 0.1, 1e-9);
}

TEST(WithRetry, rejects_an_impossible_policy) {
  retry_policy p = quick;
  p.backoff.base = 0s;
  EXPECT_THROW(with_retry(p, [] {}), configuration_error);
  EXPECT_THROW((void)retrying(p, [] {}), configuration_error);
  retry_settings s;
  s.deadline = 0s;
  EXPECT_THROW(with_retry(
                   quick, [] {}, s),
               configuration_error);
}

TEST(Retrying, decorates_a_callable_with_its_arguments) {
  int calls = 0;
  auto fetch = retrying(quick, [&calls](int a, const std::string& b) {
    if (++calls % 2 == 1) throw_error(lost());
    return b + std::to_string(a);
  });
  EXPECT_EQ(fetch(7, "x"), "x7");
  EXPECT_EQ(fetch(8, std::string{"y"}), "y8");
  EXPECT_EQ(calls, 4);
}

TEST(WithRetryTask, waits_in_virtual_time_by_the_policy) {
  simulator world{1};
  sim_runtime rt{world};
  const time_point start = world.now();
  std::vector<duration> at;
  const auto fn = [&]() -> task<result<int>> {
    at.push_back(world.now() - start);
    if (at.size() < 4) co_return make_error(errc::connect_refused, "");
    co_return 5;
  };
  retry_options policies;
  policies.connect.backoff.jitter = jitter::none;
  const auto r = rt.run(with_retry(rt, policies, fn));
  ASSERT_TRUE(r);
  EXPECT_EQ(*r, 5);
  EXPECT_EQ(at, (std::vector<duration>{0s, 1s, 3s, 7s}));
}

TEST(WithRetryTask, takes_every_form_of_callable) {
  simulator world{1};
  sim_runtime rt{world};
  const auto plain = [] { return 1; };
  const auto with_result = [] { return result<int>{2}; };
  const auto with_task = []() -> task<int> { co_return 3; };
  const auto with_nothing = []() -> task<void> { co_return; };
  const auto with_attempt = [](attempt& a) -> task<result<std::uint32_t>> { co_return a.number(); };
  EXPECT_EQ(*rt.run(with_retry(rt, quick, plain)), 1);
  EXPECT_EQ(*rt.run(with_retry(rt, quick, with_result)), 2);
  EXPECT_EQ(*rt.run(with_retry(rt, quick, with_task)), 3);
  EXPECT_TRUE(rt.run(with_retry(rt, quick, with_nothing)));
  EXPECT_EQ(*rt.run(with_retry(rt, quick, with_attempt)), 1U);
}

TEST(WithRetryTask, exceptions_of_tasks_follow_the_same_rules) {
  simulator world{1};
  sim_runtime rt{world};
  int calls = 0;
  const auto fails = [&]() -> task<int> {
    ++calls;
    throw_error(lost());
    co_return 0;
  };
  const auto r = rt.run(with_retry(rt, quick, fails));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().where.attempt, 4U);
  EXPECT_EQ(calls, 4);
  const auto odd = []() -> task<int> {
    throw std::out_of_range{"x"};
    co_return 0;
  };
  EXPECT_THROW((void)rt.run(with_retry(rt, quick, odd)), std::out_of_range);
}

TEST(WithRetryTask, fails_now_when_the_next_attempt_would_be_too_late) {
  simulator world{1};
  sim_runtime rt{world};
  const time_point start = world.now();
  const auto fn = []() -> task<result<void>> {
    co_return make_error(errc::connect_refused, "the cause");
  };
  retry_options policies;
  policies.connect.backoff.jitter = jitter::none;
  retry_settings s;
  s.deadline = 2500ms;
  const auto r = rt.run(with_retry(rt, policies, fn, s));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::connect_refused);
  EXPECT_EQ(world.now() - start, 1s) << "not at 2.5 s: the second pause would end at 3 s";
}

TEST(WithRetryTask, cancellation_ends_the_pause) {
  simulator world{1};
  sim_runtime rt{world};
  world.at(world.now() + 300ms, [&] { rt.cancel(); });
  const time_point start = world.now();
  const auto fn = []() -> task<result<void>> { co_return make_error(errc::connect_refused, ""); };
  const auto r = rt.run(with_retry(rt, retry_options{}, fn));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::cancelled);
  EXPECT_EQ(world.now() - start, 300ms);
}

TEST(Timeout, is_cooperative) {
  simulator world{1};
  sim_runtime rt{world};
  const auto patient = [&](attempt& a) -> task<result<int>> {
    co_await a.home().sleep_until(a.until().at());
    const result<void> left = a.check();
    if (!left) co_return left.error();
    co_return 1;
  };
  const auto r = rt.run(with_timeout(rt, 2s, patient));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::deadline_exceeded);
  const auto plain = [](attempt& a) { return a.remaining(); };
  EXPECT_EQ(with_timeout(rt, 2s, plain), 2s);
  rt.cancel();
  const auto asks = [](attempt& a) { return a.check(); };
  EXPECT_EQ(with_timeout(rt, 2s, asks).error().code, errc::cancelled);
}

} // namespace
} // namespace holdfast
