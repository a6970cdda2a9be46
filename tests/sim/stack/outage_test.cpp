// One server that goes away, or has no room, and comes back.
#include "sim/stack/town.hpp"

#include <holdfast/parameter.hpp>

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

/// One write that may be sent twice.
task<void> write(town& t, sim_runtime& rt, std::string mark, duration limit) {
  const auto parameters = to_parameters(mark);
  const statement what{"INSERT MARK", parameters};
  const call_options how{.deadline = limit, .idempotent = true, .name = "mark"};
  auto done = co_await t.db->execute(rt, what, nullptr, how, std::source_location::current());
  if (done) t.acknowledged.insert(mark);
}

task<void> insist(town& t, sim_runtime& rt, int me) {
  for (int i = 0; i < 10; ++i)
    co_await write(t, rt, std::to_string(me) + "." + std::to_string(i), 1s);
  --t.active;
}

void close(town& t) {
  EXPECT_TRUE(t.loop->run(t.db->close(*t.loop, 5s))) << "a lease is out";
  t.loop->cancel();
  t.db.reset();
  t.world.run_for(1s);
  EXPECT_EQ(t.store->open, 0) << "a connection was not closed";
}

TEST(stack_outage, who_waits_for_a_host_is_served_as_soon_as_it_is_back) {
  town t{1};
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.store->stop();
  t.world.at(t.world.now() + 3s, [&t] { t.store->start(); });
  const time_point back = t.world.now() + 3s;
  t.loop->run(write(t, *t.loop, "a", 20s));
  EXPECT_TRUE(t.acknowledged.contains("a"));
  EXPECT_LE(t.world.now() - back, 250ms);
  close(t);
}

TEST(stack_outage, a_server_that_is_full_without_us_is_waited_for_like_one_that_is_down) {
  town t{1};
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.store->full = true;
  t.store->stop(); // our sessions are gone, and others take their places
  t.store->start();
  const time_point room = t.world.now() + 3s;
  t.world.at(room, [&t] { t.store->full = false; });
  t.world.at(room - 1s, [&t] {
    t.require(!t.db->status().hosts[0].up, "the host counts as up");
    t.require(t.db->status().attempts < 10, "it was knocked at all the time");
  });
  t.loop->run(write(t, *t.loop, "a", 20s));
  EXPECT_TRUE(t.acknowledged.contains("a"));
  EXPECT_LE(t.world.now() - room, 250ms);
  EXPECT_EQ(t.db->status().hosts[0].breaker, breaker_state::closed);
  close(t);
}

TEST(stack_outage, a_server_that_is_full_goes_on_serving_us_on_what_we_have) {
  database_options o;
  o.log.enabled = false;
  o.pool.min_size = 1;
  town t{1, o};
  ASSERT_TRUE(t.loop->run(t.db->open(*t.loop)));
  t.world.run_for(1s);
  t.store->full = true;
  t.active = 8;
  for (int i = 0; i < t.active; ++i) {
    t.runtimes.emplace_back(t.world);
    t.runtimes.back().spawn(insist(t, t.runtimes.back(), i));
  }
  EXPECT_TRUE(t.world.run_until([&t] { return t.active == 0; }, 1min));
  EXPECT_GE(t.acknowledged.size(), 20U) << "an open breaker keeps everybody out";
  EXPECT_TRUE(t.db->status().hosts[0].up);
  EXPECT_EQ(t.db->status().hosts[0].breaker, breaker_state::closed);
  close(t);
}

} // namespace
} // namespace holdfast::testing
