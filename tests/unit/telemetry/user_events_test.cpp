#include "telemetry/user_event_dispatcher.hpp"
#include "telemetry/user_hook.hpp"
#include "unit/telemetry/support.hpp"

#include <stdexcept>

namespace holdfast::test {
namespace {

using detail::inside_user_hook;
using detail::user_event_dispatcher;
using detail::user_hook_scope;

// Collects jobs; the test runs them when it likes.
struct bench {
  explicit bench(std::size_t capacity = 100)
      : dispatcher{std::make_shared<user_event_dispatcher>(
            this, capacity, [this](auto job) { jobs.push_back(std::move(job)); })} {}

  void publish(std::uint64_t number, event_kind kind = event_kind::host_down) const {
    auto e = make_event(kind);
    e.connection = number;
    dispatcher->on_event(e);
  }
  void run_one() {
    auto job = std::move(jobs.front());
    jobs.erase(jobs.begin());
    job();
  }
  void run_all() {
    while (!jobs.empty()) run_one();
  }
  auto recorder() {
    return [this](const owned_event& e) { seen.push_back(e.connection); };
  }

  std::vector<std::function<void()>> jobs;
  std::vector<std::uint64_t> seen;
  std::shared_ptr<user_event_dispatcher> dispatcher;
};

using numbers = std::vector<std::uint64_t>;

TEST(user_events, arrive_in_order_elsewhere_by_one_job) {
  bench b;
  b.dispatcher->subscribe(b.recorder());
  for (std::uint64_t n = 1; n <= 4; ++n) b.publish(n);
  EXPECT_TRUE(b.seen.empty());
  EXPECT_EQ(b.jobs.size(), 1U);
  b.run_all();
  EXPECT_EQ(b.seen, (numbers{1, 2, 3, 4}));
  b.publish(5);
  EXPECT_EQ(b.jobs.size(), 1U);
  b.run_all();
  EXPECT_EQ(b.seen.back(), 5U);
}

TEST(user_events, what_comes_during_a_drain_follows_in_order) {
  bench b;
  b.dispatcher->subscribe([&](const owned_event& e) {
    b.seen.push_back(e.connection);
    if (e.connection < 4) b.publish(e.connection + 1);
  });
  b.publish(1);
  b.run_one();
  EXPECT_EQ(b.seen, numbers{1});
  EXPECT_EQ(b.jobs.size(), 1U); // one batch a job, one job at a time
  b.run_all();
  EXPECT_EQ(b.seen, (numbers{1, 2, 3, 4}));
}

TEST(user_events, a_full_queue_drops_the_oldest_and_counts_it) {
  bench b{3};
  b.dispatcher->subscribe(b.recorder());
  for (std::uint64_t n = 1; n <= 10; ++n) b.publish(n);
  b.run_all();
  EXPECT_EQ(b.seen, (numbers{8, 9, 10}));
  EXPECT_EQ(b.dispatcher->dropped(), 7U);
}

TEST(user_events, nobody_is_asked_without_a_subscriber) {
  bench b;
  b.publish(1);
  const auto number = b.dispatcher->subscribe(b.recorder(), event_set{event_kind::host_up});
  b.publish(2);
  EXPECT_TRUE(b.jobs.empty());
  b.publish(3, event_kind::host_up);
  b.dispatcher->unsubscribe(number);
  b.publish(4, event_kind::host_up);
  b.run_all();
  EXPECT_TRUE(b.seen.empty()); // unsubscribed before the drain
}

TEST(user_events, high_volume_kinds_never_come) {
  bench b;
  b.dispatcher->subscribe(b.recorder(), event_set::all());
  EXPECT_FALSE(b.dispatcher->interests().contains(event_kind::acquired));
  b.publish(1, event_kind::acquired);
  EXPECT_TRUE(b.jobs.empty());
  b.publish(2, event_kind::host_up);
  b.run_all();
  EXPECT_EQ(b.seen, numbers{2});
}

TEST(user_events, a_throwing_function_harms_nobody) {
  bench b;
  b.dispatcher->subscribe([](const owned_event&) { throw std::runtime_error{"user"}; });
  b.dispatcher->subscribe(b.recorder());
  b.publish(1);
  b.publish(2);
  b.run_all();
  EXPECT_EQ(b.seen, (numbers{1, 2}));
  EXPECT_EQ(b.dispatcher->thrown(), 2U);
  EXPECT_FALSE(inside_user_hook(&b));
}

TEST(user_events, a_scheduler_that_fails_is_asked_again) {
  int asked = 0;
  std::function<void()> job;
  const auto dispatcher = std::make_shared<user_event_dispatcher>(nullptr, 10, [&](auto j) {
    if (++asked == 1) throw std::runtime_error{"no worker"};
    job = std::move(j);
  });
  int seen = 0;
  dispatcher->subscribe([&](const owned_event&) { ++seen; });
  dispatcher->on_event(make_event(event_kind::host_down));
  EXPECT_FALSE(job);
  dispatcher->on_event(make_event(event_kind::host_down));
  ASSERT_TRUE(job);
  job();
  EXPECT_EQ(seen, 2);
}

TEST(user_events, nothing_comes_after_stop) {
  bench b;
  b.dispatcher->subscribe([&](const owned_event& e) {
    b.seen.push_back(e.connection);
    b.dispatcher->stop();
  });
  b.publish(1);
  b.publish(2);
  b.run_all();
  b.publish(3);
  b.run_all();
  EXPECT_EQ(b.seen, numbers{1});
}

TEST(user_events, a_late_job_keeps_the_dispatcher_alive) {
  bench b;
  b.dispatcher->subscribe(b.recorder());
  b.publish(1);
  b.dispatcher.reset();
  b.run_all();
  EXPECT_EQ(b.seen, numbers{1});
}

TEST(user_events, the_function_is_inside_a_hook_of_its_database_only) {
  bench b;
  bool inside_own = false, inside_other = true;
  b.dispatcher->subscribe([&](const owned_event&) {
    inside_own = inside_user_hook(&b);
    inside_other = inside_user_hook(&inside_own);
  });
  b.publish(1);
  EXPECT_FALSE(inside_user_hook(&b));
  b.run_all();
  EXPECT_TRUE(inside_own);
  EXPECT_FALSE(inside_other);
  EXPECT_FALSE(inside_user_hook(&b));
}

TEST(user_hook_scope, nests) {
  int a = 0, b = 0;
  {
    const user_hook_scope outer{&a};
    {
      const user_hook_scope inner{&b};
      EXPECT_TRUE(inside_user_hook(&a));
      EXPECT_TRUE(inside_user_hook(&b));
    }
    EXPECT_TRUE(inside_user_hook(&a));
    EXPECT_FALSE(inside_user_hook(&b));
  }
  EXPECT_FALSE(inside_user_hook(&a));
}

} // namespace
} // namespace holdfast::test
