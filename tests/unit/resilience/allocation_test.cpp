#include "sanitized.hpp"
#include "unit/resilience/allocation_counter.hpp"

#include <holdfast/pipeline.hpp>
#include <holdfast/retry.hpp>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

// Under a sanitizer coroutine frames are not cached, so that it can watch them.
constexpr bool frames_are_cached = !testing::sanitized;

template <class F>
std::size_t allocations_of(F&& fn) {
  for (int warm = 0; warm < 3; ++warm) fn();
  const std::size_t before = holdfast::testing::allocations_of_this_thread();
  for (int i = 0; i < 100; ++i) fn();
  return holdfast::testing::allocations_of_this_thread() - before;
}

TEST(Allocation, success_through_every_layer_allocates_nothing) {
  for (const auto window :
       {breaker_options::window_kind::count, breaker_options::window_kind::time}) {
    pipeline_options o;
    o.limiter.enabled = true;
    o.breaker.window = window;
    o.attempt_timeout = std::chrono::seconds{1};
    pipeline p{o, 1};
    int sum = 0;
    EXPECT_EQ(allocations_of([&] { sum += p.run([] { return 1; }); }), 0U);
    EXPECT_EQ(allocations_of([&] { sum += *p.run([] { return result<int>{1}; }); }), 0U);
    thread_runtime rt;
    const auto fn = []() -> task<int> { co_return 1; };
    const std::size_t frames = allocations_of([&] { sum += *run_inline(p.run(rt, fn)); });
    EXPECT_LE(frames, frames_are_cached ? 0U : 200U) << "two frames: the pipeline's and fn's";
    EXPECT_EQ(sum, 309);
  }
}

TEST(Allocation, with_retry_allocates_nothing_on_success) {
  int sum = 0;
  EXPECT_EQ(allocations_of([&] { sum += with_retry(retry_policy{}, [] { return 1; }); }), 0U);
  EXPECT_EQ(sum, 103);
}

// Opening, probing and ramping happen while a server is in trouble: no time to ask for memory.
TEST(Allocation, a_breaker_allocates_only_to_explain_a_refusal) {
  circuit_breaker b{breaker_options{}, 1};
  time_point now{std::chrono::hours{1}};
  EXPECT_EQ(allocations_of([&] {
              now += std::chrono::seconds{1};
              b.acquire(now).failed(now);
            }),
            0U);
}

} // namespace
} // namespace holdfast
