// Single stories of the pool in virtual time.
#include "sim/pool/pool_story.hpp"

namespace holdfast::testing {
namespace {

TEST_F(pool_story, an_idle_connection_that_died_is_found_before_it_is_lent) {
  auto& p = made(calm(0, 2));
  acquire().value().release();
  world.run_for(1s);
  server->sessions.clear();
  auto got = acquire();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->connection(), 2U);
  EXPECT_EQ(seen->last(event_kind::connection_closed)->reason, event_reason::validation);
  EXPECT_EQ(p.snapshot().in_use, 1U);
}

TEST_F(pool_story, connections_that_were_idle_while_the_machine_slept_are_validated) {
  auto o = calm(0, 2);
  o.ping_after_idle = 1h;
  made(o);
  acquire().value().release();
  world.run_for(5s);
  server->sessions.clear(); // the server forgot us overnight
  world.sleep_machine(8h);
  world.run_for(2s); // upkeep comes by
  auto got = acquire();
  ASSERT_TRUE(got);
  ASSERT_EQ(got->connection(), 2U);
  EXPECT_EQ(seen->last(event_kind::connection_closed)->reason, event_reason::validation);
}

TEST_F(pool_story, callers_do_not_expire_while_the_machine_sleeps) {
  made(calm(0, 1));
  auto held = acquire();
  world.at(world.now() + 1s, [this] { world.sleep_machine(8h); });
  world.at(world.now() + 4s, [&held] { held.value().release(); });
  EXPECT_TRUE(acquire());
}

TEST_F(pool_story, a_black_holed_ping_does_not_hang_the_borrower) {
  made(calm(0, 2));
  acquire().value().release();
  world.run_for(1s);
  server->black_hole = true;
  world.at(world.now() + 900ms, [this] { server->black_hole = false; });
  const auto began = world.now();
  ASSERT_TRUE(acquire());
  EXPECT_LE(world.now() - began, 1s + 1s);
}

TEST_F(pool_story, a_black_holed_connect_does_not_wedge_the_pool) {
  auto& p = made(calm(0, 1));
  server->black_hole = true;
  auto got = acquire();
  ASSERT_FALSE(got);
  world.run_for(1s);
  EXPECT_EQ(p.snapshot().connecting, 0U);
  server->black_hole = false;
  EXPECT_TRUE(acquire());
}

TEST_F(pool_story, a_discarded_connection_is_never_lent_again) {
  made(calm(0, 1));
  auto first = acquire();
  first->discard();
  first->release();
  auto second = acquire();
  EXPECT_EQ(second->connection(), 2U);
  EXPECT_EQ(server->sessions.size(), 1U);
}

TEST_F(pool_story, a_connection_that_calls_itself_broken_is_never_lent_again) {
  made(calm(0, 1));
  auto first = acquire();
  (*first)->broken = true;
  first->release();
  EXPECT_EQ(acquire()->connection(), 2U);
}

TEST_F(pool_story, what_a_borrower_left_behind_is_reset_without_making_it_wait) {
  made(calm(0, 1));
  auto first = acquire();
  (*first)->dirty = true;
  const auto before = world.now();
  first->release();
  EXPECT_EQ(world.now(), before);
  EXPECT_EQ(server->resets, 0U) << "not by the releaser";
  auto second = acquire();
  EXPECT_EQ(second->connection(), 1U);
  EXPECT_FALSE((*second)->dirty);
  EXPECT_EQ(server->resets, 1U);
}

TEST_F(pool_story, a_clean_connection_is_not_reset_unless_always) {
  made(calm(0, 1));
  acquire()->release();
  world.run_for(10ms);
  EXPECT_EQ(server->resets, 0U);
  lent.reset();
  auto o = calm(0, 1);
  o.reset = pool_options::reset_mode::always;
  made(o);
  acquire()->release();
  world.run_for(10ms);
  EXPECT_EQ(server->resets, 1U);
}

TEST_F(pool_story, an_exhausted_pool_names_its_holders) {
  auto o = calm(0, 1);
  o.acquire_timeout = 100ms;
  made(o);
  auto held = acquire({.operation = "checkout"});
  held->note_statement("checkout.pay");
  world.run_for(1s);
  auto refused = acquire();
  ASSERT_FALSE(refused);
  const error& e = refused.error();
  EXPECT_EQ(e.code, errc::pool_timeout);
  ASSERT_TRUE(e.pool);
  ASSERT_EQ(e.pool->oldest_leases.size(), 1U);
  const lease_report& report = e.pool->oldest_leases[0];
  EXPECT_EQ(report.last_statement, "checkout.pay");
  EXPECT_EQ(report.age, 1100ms);
  EXPECT_NE(std::string_view{report.holder.file_name()}.find("pool_story_test"),
            std::string_view::npos);
  EXPECT_NE(e.message.find("1 of 1 in use"), std::string::npos);
  EXPECT_NE(e.message.find("checkout.pay"), std::string::npos);
  EXPECT_FALSE(e.pool->likely_self_deadlock) << "a thread id says nothing on an event loop";
}

TEST_F(pool_story, at_most_five_holders_are_named_oldest_first) {
  made(calm(0, 8));
  std::vector<lease<fake_session>> held;
  for (int i = 0; i < 7; ++i) {
    held.push_back(acquire().value());
    world.run_for(10ms);
  }
  const auto now = lent->snapshot();
  ASSERT_EQ(now.oldest_leases.size(), 5U);
  EXPECT_EQ(now.oldest_leases[0].connection, 1U);
  EXPECT_EQ(now.oldest_leases[4].connection, 5U);
}

TEST_F(pool_story, the_last_connect_error_is_told_until_a_connect_succeeds) {
  auto o = calm(0, 1);
  o.acquire_timeout = 100ms;
  made(o);
  server->up = false;
  auto failed = acquire();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, errc::connect_refused) << "the real cause";
  EXPECT_NE(lent->snapshot().last_connect_error.find("refused"), std::string::npos);
  server->up = true;
  ASSERT_TRUE(acquire());
  EXPECT_EQ(lent->snapshot().last_connect_error, "");
}

TEST_F(pool_story, waiters_of_a_cleared_pool_are_told_why) {
  made(calm(0, 1));
  auto held = acquire();
  world.at(world.now() + 10ms,
           [this] { lent->clear(make_error(errc::server_shutdown, "going down")); });
  auto refused = acquire();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::pool_cleared);
  EXPECT_NE(refused.error().message.find("going down"), std::string::npos);
  auto later = acquire();
  EXPECT_NE(later.error().message.find("going down"), std::string::npos) << "and those after";
}

TEST_F(pool_story, a_clear_by_an_old_lease_does_nothing) {
  made(calm(0, 1));
  auto held = acquire();
  const auto old = held->generation();
  lent->clear(make_error(errc::connection_lost, "first"), false, old);
  lent->ready();
  lent->clear(make_error(errc::connection_lost, "second"), false, old);
  EXPECT_EQ(lent->snapshot().state, pool_state::ready);
}

TEST_F(pool_story, a_leak_is_reported_with_its_holder) {
  auto o = calm(0, 1);
  o.leak_after = 5s;
  made(o);
  auto held = acquire({.operation = "report"});
  world.run_for(7s);
  ASSERT_EQ(seen->count(event_kind::leak_suspected), 1U);
  const auto* leak = seen->last(event_kind::leak_suspected);
  EXPECT_EQ(leak->operation, "report");
  EXPECT_GE(leak->elapsed, 5s);
  EXPECT_NE(std::string_view{leak->caller.file_name()}.find("pool_story_test"),
            std::string_view::npos);
}

TEST_F(pool_story, cancelling_a_wait_leaves_the_connect_to_the_pool) {
  made(calm(0, 1));
  world.at(world.now() + 1ms, [this] { rt.cancel(); });
  auto got = acquire();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::cancelled);
  world.run_for(50ms);
  EXPECT_EQ(lent->snapshot().idle, 1U);
}

TEST_F(pool_story, drain_waits_for_leases_and_names_those_that_stay) {
  made(calm(0, 2));
  auto held = acquire();
  auto closed = rt.run(lent->close(rt, deadline::after(rt.now(), 100ms)));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, errc::deadline_exceeded);
  ASSERT_TRUE(closed.error().pool);
  EXPECT_EQ(closed.error().pool->in_use, 1U);
  EXPECT_EQ(acquire().error().code, errc::pool_closed);
  world.at(world.now() + 50ms, [&] { held->release(); });
  const auto began = world.now();
  EXPECT_TRUE(rt.run(lent->close(rt, deadline::after(rt.now(), 10s))));
  EXPECT_EQ(world.now() - began, 50ms);
  EXPECT_TRUE(server->sessions.empty());
}

TEST_F(pool_story, a_lease_outlives_its_pool) {
  made(calm(0, 2));
  auto held = acquire();
  lent.reset();
  world.run_for(1s);
  EXPECT_EQ(server->sessions.size(), 1U);
  (*held)->dirty = true;
  held->release();
  world.run_for(1s);
  EXPECT_TRUE(server->sessions.empty());
  EXPECT_EQ(loop.use_count(), 1) << "the pool is gone";
}

TEST_F(pool_story, an_outage_is_survived_with_one_clear_and_a_donated_probe) {
  auto o = calm(4, 8);
  server->condemning = true;
  made(o);
  world.run_for(100ms);
  EXPECT_EQ(lent->snapshot().idle, 4U);
  server->up = false;
  server->sessions.clear();
  lent->clear(make_error(errc::server_shutdown, "down"));
  const auto before = server->connects;
  world.run_for(10s);
  EXPECT_EQ(server->connects, before) << "filling stops while paused";
  server->up = true;
  fake_session probe{1000};
  server->sessions.insert(1000);
  lent->ready();
  ASSERT_TRUE(lent->donate(probe));
  EXPECT_EQ(lent->snapshot().lease_limit, 1U);
  auto got = acquire();
  EXPECT_EQ((*got)->id, 1000U);
  world.run_for(2s);
  EXPECT_EQ(lent->snapshot().lease_limit, 8U);
  EXPECT_GE(lent->snapshot().idle, 3U);
}

TEST_F(pool_story, a_donation_that_finds_no_place_is_given_back) {
  made(calm(0, 1));
  auto held = acquire();
  fake_session probe{1000};
  EXPECT_FALSE(lent->donate(probe));
  EXPECT_EQ(probe.id, 1000U);
}

} // namespace
} // namespace holdfast::testing
