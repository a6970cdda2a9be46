#include <holdfast/simulation.hpp>
#include <holdfast/task.hpp>

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

/// How far apart on the stack its callers were.
struct depth {
  std::uintptr_t lowest = UINTPTR_MAX;
  std::uintptr_t highest = 0;

  void note() {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    lowest = std::min(lowest, here);
    highest = std::max(highest, here);
  }
  [[nodiscard]] std::uintptr_t bytes() const { return highest - lowest; }
};

task<int> at_once(depth& seen) {
  seen.note();
  co_return 1;
}

task<int> through_another(depth& seen) {
  const int one = co_await at_once(seen);
  co_return one;
}

task<int> after_a_wait(runtime& rt, depth& seen) {
  const auto soon = rt.now() + 1ms;
  co_await rt.sleep_until(soon);
  seen.note();
  co_return 1;
}

constexpr int turns = 1000;
// A frame of its own for each turn would be tens of bytes, thousands under a sanitizer.
constexpr std::uintptr_t same_depth = 16 * turns;

TEST(task, awaiting_what_is_ready_in_a_loop_takes_no_stack) {
  depth seen;
  auto loop = [](depth& d) -> task<int> {
    int sum = 0;
    for (int i = 0; i < turns; ++i) {
      const int one = co_await through_another(d);
      sum += one;
    }
    co_return sum;
  };
  EXPECT_EQ(run_inline(loop(seen)), turns);
  EXPECT_LT(seen.bytes(), same_depth);
}

TEST(task, awaiting_what_waits_in_a_loop_takes_no_stack) {
  simulator world{1};
  sim_runtime rt{world};
  depth seen;
  auto loop = [](runtime& home, depth& d) -> task<int> {
    int sum = 0;
    for (int i = 0; i < turns; ++i) {
      const int waited = co_await after_a_wait(home, d);
      const int one = co_await at_once(d);
      sum += waited + one;
    }
    co_return sum;
  };
  EXPECT_EQ(rt.run(loop(rt, seen)), 2 * turns);
  EXPECT_LT(seen.bytes(), same_depth);
}

} // namespace
} // namespace holdfast
