// What may stand in for an answer, and for which errors.
#include <holdfast/fallback.hpp>
#include <holdfast/pipeline.hpp>
#include <holdfast/simulation.hpp>

#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

error of(errc code) { return make_error(code, "the cause"); }

TEST(Unavailable, is_who_could_not_be_asked_or_answer_in_time) {
  using enum errc;
  for (const errc yes :
       {host_unreachable, connect_refused, connection_lost, server_shutdown, server_starting,
        too_many_connections, deadline_exceeded, pool_timeout, pool_cleared, circuit_open,
        admission_refused, server_overloaded, read_only_server, disk_full})
    EXPECT_TRUE(is_unavailable(of(yes))) << to_string(yes);
  for (const errc no :
       {unique_violation, foreign_key_violation, syntax_error, parameter_type,
        authentication_failed, permission_denied, deadlock, serialization_failure,
        statement_timeout, cancelled, pool_closed, forked, tls_failed, certificate_expired,
        invalid_configuration, outcome_unknown, data_corrupted, user_exception})
    EXPECT_FALSE(is_unavailable(of(no))) << to_string(no);
}

TEST(OrFallback, stands_in_for_availability_only) {
  EXPECT_EQ(*or_fallback(result<int>{3}, 7), 3);
  EXPECT_EQ(*or_fallback(result<int>{of(errc::connect_refused)}, 7), 7);
  EXPECT_EQ(or_fallback(result<int>{of(errc::unique_violation)}, 7).error().code,
            errc::unique_violation);
}

TEST(OrFallback, never_hides_a_write_in_doubt) {
  error e = of(errc::connection_lost);
  e.effect = side_effect::unknown;
  EXPECT_FALSE(or_fallback(result<int>{e}, 7));
  e.effect = side_effect::applied;
  EXPECT_FALSE(or_fallback(result<int>{e}, 7, [](const error&) noexcept { return true; }));
}

TEST(OrFallback, takes_the_error_and_may_fail_itself) {
  const auto tells = [](const error& e) { return e.code == errc::circuit_open ? 1 : 2; };
  EXPECT_EQ(*or_fallback(result<int>{of(errc::circuit_open)}, tells), 1);
  EXPECT_EQ(*or_fallback(result<int>{of(errc::pool_timeout)}, tells), 2);
  const auto fails = []() -> result<int> { return of(errc::disk_full); };
  EXPECT_EQ(or_fallback(result<int>{of(errc::pool_timeout)}, fails).error().code, errc::disk_full);
  EXPECT_EQ(
      **or_fallback(result<std::unique_ptr<int>>{of(errc::pool_timeout)}, std::make_unique<int>(5)),
      5);
}

TEST(WithFallback, works_around_any_callable) {
  const auto down = []() -> int { throw_error(of(errc::connect_refused)); };
  const auto refused = []() -> int { throw_error(of(errc::unique_violation)); };
  EXPECT_EQ(with_fallback(down, 7), 7);
  EXPECT_EQ(with_fallback([] { return 1; }, 7), 1);
  EXPECT_THROW(with_fallback(refused, 7), constraint_error);
  EXPECT_THROW(with_fallback([]() -> int { throw std::out_of_range{"x"}; }, 7), std::out_of_range);
  const result<int> r = with_fallback([] { return result<int>{of(errc::pool_timeout)}; }, 7);
  EXPECT_EQ(*r, 7);
}

struct PipelineFallback : testing::Test {
  simulator world{1};
  sim_runtime rt{world};
  pipeline_options options;
  int calls = 0;
  PipelineFallback() { options.retry.on_outage = on_outage::fail_fast; }
  auto fails(errc code) {
    return [this, code]() -> task<result<int>> {
      ++calls;
      co_return of(code);
    };
  }
};

TEST_F(PipelineFallback, comes_after_the_retries_and_counts_as_a_failure) {
  options.breaker.minimum_calls = 2;
  pipeline p{options, 1};
  EXPECT_EQ(*rt.run(p.run_or(rt, fails(errc::server_overloaded), 7)), 7);
  EXPECT_GT(calls, 1);
  EXPECT_EQ(p.breaker().snapshot(world.now()).state, breaker_state::open);
  const int before = calls;
  EXPECT_EQ(*rt.run(p.run_or(rt, fails(errc::server_overloaded), 8)), 8) << "of an open breaker";
  EXPECT_EQ(calls, before);
}

TEST_F(PipelineFallback, leaves_other_errors_alone_unless_told) {
  pipeline p{options, 1};
  EXPECT_EQ(rt.run(p.run_or(rt, fails(errc::unique_violation), 7)).error().code,
            errc::unique_violation);
  run_options call;
  call.fallback_when = [](const error& e) noexcept { return e.code == errc::unique_violation; };
  EXPECT_EQ(*rt.run(p.run_or(rt, fails(errc::unique_violation), 7, call)), 7);
}

TEST_F(PipelineFallback, blocking_form_returns_like_the_callable) {
  pipeline p{options, 1};
  EXPECT_EQ(p.run_or([]() -> int { throw_error(of(errc::circuit_open)); }, 7), 7);
  const result<int> r = p.run_or([] { return result<int>{1}; }, 7);
  EXPECT_EQ(*r, 1);
  EXPECT_THROW(p.run_or([]() -> int { throw_error(of(errc::unique_violation)); }, 7),
               constraint_error);
}

} // namespace
} // namespace holdfast
