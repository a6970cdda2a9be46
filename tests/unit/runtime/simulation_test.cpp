#include <holdfast/simulation.hpp>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

task<wait_status> sleep_for(runtime& rt, duration d) {
  const auto at = rt.now() + d;
  co_return co_await rt.sleep_until(at);
}

TEST(simulation, time_is_virtual_and_exact) {
  simulator world{1};
  sim_runtime rt{world};
  const auto before = world.now();
  EXPECT_EQ(rt.run(sleep_for(rt, 24h * 3)), wait_status::timed_out);
  EXPECT_EQ(world.now() - before, 24h * 3);
}

TEST(simulation, same_seed_same_order) {
  const auto order_of = [](std::uint64_t seed) {
    simulator world{seed};
    std::string order;
    for (char c = 'a'; c <= 'j'; ++c) world.post([&order, c] { order += c; });
    while (world.step()) {
    }
    return order;
  };
  EXPECT_EQ(order_of(7), order_of(7));
  EXPECT_NE(order_of(7), order_of(8));
}

TEST(simulation, unpark_before_and_after_park_both_wake) {
  simulator world{3};
  sim_runtime rt{world};
  auto body = [](sim_runtime& home, duration wake_after) -> task<wait_status> {
    waiter w{home};
    if (wake_after == 0ns)
      w.unpark();
    else
      home.world().at(home.now() + wake_after, [&w] { w.unpark(); });
    co_return co_await home.park(w, deadline::after(home.now(), 1s));
  };
  EXPECT_EQ(rt.run(body(rt, 0ns)), wait_status::ready);
  const auto before = world.now();
  EXPECT_EQ(rt.run(body(rt, 10ms)), wait_status::ready);
  EXPECT_EQ(world.now() - before, 10ms);
}

TEST(simulation, park_ends_at_its_deadline) {
  simulator world{3};
  sim_runtime rt{world};
  auto body = [](sim_runtime& home) -> task<wait_status> {
    waiter w{home};
    co_return co_await home.park(w, deadline::after(home.now(), 250ms));
  };
  const auto before = world.now();
  EXPECT_EQ(rt.run(body(rt)), wait_status::timed_out);
  EXPECT_EQ(world.now() - before, 250ms);
}

TEST(simulation, a_descriptor_wakes_its_waiter) {
  simulator world{5};
  sim_runtime rt{world};
  const int fd = world.open_descriptor();
  world.at(world.now() + 5ms, [&] { world.set_ready(fd, io::read, true); });
  auto body = [](sim_runtime& home, int d) -> task<wait_status> {
    co_return co_await home.wait(d, io::read_write, deadline::after(home.now(), 1s));
  };
  EXPECT_EQ(rt.run(body(rt, fd)), wait_status::ready);
  auto writes = [](sim_runtime& home, int d) -> task<wait_status> {
    co_return co_await home.wait(d, io::write, deadline::after(home.now(), 1s));
  };
  EXPECT_EQ(rt.run(writes(rt, fd)), wait_status::timed_out);
}

TEST(simulation, cancel_ends_present_and_later_waits) {
  simulator world{9};
  sim_runtime rt{world};
  world.at(world.now() + 5ms, [&] { rt.cancel(); });
  const auto before = world.now();
  EXPECT_EQ(rt.run(sleep_for(rt, 1h)), wait_status::cancelled);
  EXPECT_EQ(world.now() - before, 5ms);
  EXPECT_EQ(rt.run(sleep_for(rt, 1h)), wait_status::cancelled);
}

TEST(simulation, a_lost_wake_up_is_an_error_and_not_a_hang) {
  simulator world{9};
  sim_runtime rt{world};
  auto body = [](sim_runtime& home, int fd) -> task<wait_status> {
    co_return co_await home.wait(fd, io::read, deadline{time_point::max()});
  };
  EXPECT_THROW(rt.run(body(rt, world.open_descriptor())), std::logic_error);
  rt.cancel(); // ends the task, so that nothing leaks
  world.run_for(1s);
}

TEST(simulation, offload_gives_values_and_exceptions_back) {
  simulator world{1};
  sim_runtime rt{world};
  EXPECT_EQ(rt.run(rt.offload([] { return 42; })), 42);
  const auto fails = []() -> int { throw std::runtime_error{"from the worker"}; };
  EXPECT_THROW(rt.run(rt.offload(fails)), std::runtime_error);
}

} // namespace
} // namespace holdfast
