#include "database/writer_queue.hpp"

#include <holdfast/simulation.hpp>

#include <gtest/gtest.h>

namespace holdfast::detail {
namespace {

using namespace std::chrono_literals;

struct record {
  std::string order; // of those that got their turn
  std::vector<errc> refused;
  int inside = 0;
  int most_inside = 0;
};

task<void> write(sim_runtime& rt, writer_queue& queue, record& r, char name, duration limit,
                 duration works) {
  const auto until = deadline::after(rt.now(), limit);
  auto mine = co_await queue.enter(rt, until);
  if (!mine) {
    r.refused.push_back(mine.error().code);
    co_return;
  }
  r.order += name;
  r.most_inside = std::max(r.most_inside, ++r.inside);
  const auto done = rt.now() + works;
  co_await rt.sleep_until(done);
  --r.inside;
}

/// Writers that arrive a millisecond apart, each on its own runtime.
struct scene {
  explicit scene(std::uint64_t seed) : world{seed} {}

  sim_runtime& arrives(char name, duration limit, duration works) {
    auto& rt = *runtimes.emplace_back(std::make_unique<sim_runtime>(world));
    world.at(begin + 1ms * static_cast<int>(runtimes.size()), [this, &rt, name, limit, works] {
      rt.spawn(write(rt, queue, seen, name, limit, works));
    });
    return rt;
  }
  void play() { world.run_for(1min); }

  simulator world;
  time_point begin = world.now();
  writer_queue queue;
  record seen;
  std::vector<std::unique_ptr<sim_runtime>> runtimes;
};

TEST(writer_queue, one_at_a_time_first_come_first_served) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    scene s{seed};
    for (char c = 'a'; c <= 'h'; ++c) s.arrives(c, 10s, 50ms);
    s.play();
    EXPECT_EQ(s.seen.order, "abcdefgh");
    EXPECT_EQ(s.seen.most_inside, 1);
  }
}

TEST(writer_queue, who_waits_too_long_leaves_and_the_next_still_gets_the_turn) {
  scene s{3};
  s.arrives('a', 10s, 500ms);
  s.arrives('b', 100ms, 1ms);
  s.arrives('c', 10s, 1ms);
  s.play();
  EXPECT_EQ(s.seen.order, "ac");
  EXPECT_EQ(s.seen.refused, std::vector<errc>{errc::deadline_exceeded});
}

TEST(writer_queue, a_cancelled_writer_leaves_at_once) {
  scene s{4};
  s.arrives('a', 10s, 500ms);
  auto& second = s.arrives('b', 10s, 1ms);
  s.arrives('c', 10s, 1ms);
  s.world.at(s.begin + 100ms, [&] { second.cancel(); });
  s.play();
  EXPECT_EQ(s.seen.order, "ac");
  EXPECT_EQ(s.seen.refused, std::vector<errc>{errc::cancelled});
}

// The turn comes at the very moment of the deadline: whoever wins, the turn is not lost.
TEST(writer_queue, no_turn_is_lost_when_it_comes_at_the_deadline) {
  bool once_served = false;
  bool once_refused = false;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    scene s{seed};
    s.arrives('a', 10s, 100ms);
    s.arrives('b', 99ms, 10ms); // a leaves at 101 ms, b gives up at 101 ms
    s.arrives('c', 10s, 1ms);
    s.play();
    EXPECT_TRUE(s.seen.order == "abc" || s.seen.order == "ac") << seed << ' ' << s.seen.order;
    EXPECT_EQ(s.seen.inside, 0);
    (s.seen.refused.empty() ? once_served : once_refused) = true;
  }
  EXPECT_TRUE(once_served || once_refused);
}

TEST(writer_queue, after_the_last_the_turn_is_free_again) {
  scene s{5};
  s.arrives('a', 10s, 1ms);
  s.play();
  s.begin = s.world.now();
  s.arrives('b', 0ms, 1ms); // no time to wait, and none needed
  s.play();
  EXPECT_EQ(s.seen.order, "ab");
}

} // namespace
} // namespace holdfast::detail
