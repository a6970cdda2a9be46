// Two hosts that die, swap their roles, are demoted in the middle of things and come back as
// ghosts, under callers and a bad network: every acknowledged write is where writes go in the end.
#include "sim/stack/cluster.hpp"

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

struct storm : cluster {
  explicit storm(std::uint64_t seed) : cluster{seed, options_for_storm()} {}

  static database_options options_for_storm() {
    database_options o = plain();
    o.hosts.check_timeout = 300ms;
    o.retry_budget.capacity = 1000; // what is looked at is not the budget
    return o;
  }
  std::uint64_t pick(std::uint64_t n) { return world.random() % n; }
  task<void> rest(duration most) {
    const time_point until = world.now() + b->some(most);
    (void)co_await loop->sleep_until(until);
  }

  /// The other one takes over, and the old one follows it in the end.
  task<void> swap() {
    const auto old = primary;
    const auto next = old == a ? b : a;
    const auto way = pick(4);
    if (way == 0) old->role = host_role::read_only; // its sessions live on
    if (way == 1) co_await planned(*next, *old);
    if (way >= 2) old->stop();
    co_await rest(600ms);
    if (way != 1) next->promote(*old);
    primary = next;
    co_await rest(600ms);
    if (way == 3) { // fenced only by our having seen its successor
      (void)co_await loop->sleep_until(world.now() + 1s);
      const auto before = old->marks.size();
      old->start();
      co_await rest(2s);
      ghosts_written_to += old->marks.size() != before ? 1 : 0;
    }
    fake_store::rejoin(old, next);
    co_await rest(600ms);
    old->start();
  }
  task<void> planned(fake_store& next, fake_store& old) {
    (void)co_await db->suspend(*loop, 2s);
    old.role = host_role::read_only;
    next.promote(old);
    db->resume();
  }
  task<void> blow() {
    ++active;
    for (int i = 0; i < 5; ++i) {
      co_await rest(2s);
      if (pick(3) == 0) {
        primary->stop();
        co_await rest(1s);
        primary->start();
      } else {
        co_await swap();
      }
    }
    --active;
  }

  std::shared_ptr<fake_store> primary = b;
  int ghosts_written_to = 0;
};

TEST(cluster_chaos, what_was_acknowledged_is_where_writes_go_in_the_end) {
  int all = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    storm s{seed};
    ASSERT_TRUE(s.loop->run(s.db->open(*s.loop)));
    const fault_rates rough{.lost = 300, .stall = 400, .conflict = 0, .connect = 20};
    s.a->rates = s.b->rates = rough;
    for (int i = 0; i < 12; ++i) s.write_for(15s);
    s.loop->spawn(s.blow());
    s.world.run_for(1s); // all have begun
    ASSERT_TRUE(s.world.run_until([&] { return s.active == 0; }, 10min)) << "a caller hangs";
    s.a->rates = s.b->rates = {};
    s.world.run_for(5s);
    s.db->reset(); // a breaker may be open still
    s.world.run_for(2s);
    const int before = s.failed;
    s.write_all(3);
    EXPECT_EQ(s.failed, before) << "fair weather, and no writer was found: " << to_string(*s.last);
    EXPECT_EQ(s.lost(*s.primary), 0);
    EXPECT_EQ(s.ghosts_written_to, 0);
    for (const auto& store : {s.a, s.b})
      for (const auto& [session, times] : store->refused) EXPECT_EQ(times, 1);
    all += s.written;
    s.close();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(all, 60 * 1000) << "not much was written";
}

} // namespace
} // namespace holdfast::testing
