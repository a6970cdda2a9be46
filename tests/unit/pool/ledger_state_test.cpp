#include "unit/pool/ledger_book.hpp"

namespace holdfast::detail {
namespace {

TEST(ledger_state, ready_and_clear_publish_once_a_state) {
  book b{plain(0, 1)};
  b.clear();
  b.ready();
  b.ready();
  b.clear();
  b.clear();
  EXPECT_EQ(b.log(), "pool_ready, pool_cleared");
  EXPECT_EQ(b.pool.generation(), 4U) << "each clear is a generation";
}

TEST(ledger_state, clear_fails_waiters_then_closes_idle_connections) {
  book b{plain(0, 3)};
  b.filled(3);
  b.limit(1);
  ASSERT_TRUE(b.take());
  auto& t = b.acquire("A");
  b.log();
  b.clear();
  EXPECT_EQ(b.log(), "pool_cleared, acquire_failed connection_error, A?, "
                     "connection_closed 1 stale, connection_closed 2 stale");
  EXPECT_EQ(t.why, refusal::cleared);
  b.release(b.last_taken);
  EXPECT_EQ(b.log(), "released 3, connection_closed 3 stale");
}

TEST(ledger_state, an_old_lease_is_stale_though_the_pool_is_ready_again) {
  book b{plain(0, 3)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.clear();
  b.ready();
  b.log();
  b.release(b.last_taken);
  EXPECT_EQ(b.log(), "released 1, connection_closed 1 stale");
}

TEST(ledger_state, connects_are_closed_on_arrival_and_their_waiters_fail_at_once) {
  book b{plain(0, 3)};
  b.ready();
  b.acquire("A");
  const auto begun = b.begin_connects();
  b.log();
  b.clear();
  EXPECT_EQ(b.log(), "pool_cleared, acquire_failed connection_error, A?");
  b.connected(begun.at(0));
  EXPECT_EQ(b.log(), "connection_closed 1 stale");
}

TEST(ledger_state, interrupt_ends_connects_and_leases_now) {
  auto o = plain(0, 3);
  o.max_connecting = 1;
  book b{o, {.can_interrupt = true}};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.acquire("A");
  b.acquire("B");
  const auto begun = b.begin_connects();
  b.log();
  b.clear(true);
  EXPECT_EQ(b.log(), "pool_cleared interrupted, acquire_failed connection_error, B?, "
                     "connection_closed 2 stale, acquire_failed connection_error, A?, "
                     "interrupt, connection_closed 1 stale");
  EXPECT_EQ(b.numbers().in_use + b.numbers().connecting, 0U);
  EXPECT_FALSE(b.connected(begun.at(0))) << "nobody knows it any more";
  EXPECT_FALSE(b.release(b.last_taken)) << "its borrower closes it";
  EXPECT_EQ(b.log(), "released 1") << "closed only once";
}

TEST(ledger_state, an_interrupted_lease_cannot_harm_the_next_user_of_its_place) {
  book b{plain(0, 1), {.can_interrupt = true}};
  b.filled(1);
  ASSERT_TRUE(b.take());
  const hold old = b.last_taken;
  b.clear(true);
  b.ready();
  auto& t = b.acquire("A");
  b.connect_all();
  ASSERT_EQ(t.slot, old.slot);
  EXPECT_FALSE(b.release(old, ledger::returned::in_doubt));
  EXPECT_EQ(b.numbers().in_use, 1U);
}

TEST(ledger_state, without_an_interrupt_leases_are_left_alone) {
  book b{plain(0, 1)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.clear(true);
  EXPECT_EQ(b.log(), "acquire_started, acquired 1, pool_cleared interrupted");
  EXPECT_EQ(b.numbers().in_use, 1U);
}

TEST(ledger_state, close_fails_waiters_and_closes_idle_ones_before_it_says_so) {
  book b{plain(0, 2)};
  b.filled(2);
  ASSERT_TRUE(b.take());
  b.log();
  b.close();
  EXPECT_EQ(b.log(), "connection_closed 1 pool_closed, pool_closed");
  b.release(b.last_taken);
  EXPECT_EQ(b.log(), "released 2, connection_closed 2 pool_closed");
  b.close();
  b.clear();
  b.ready();
  EXPECT_EQ(b.log(), "");
}

TEST(ledger_state, close_fails_waiters_and_drops_connects) {
  book b{plain(0, 2)};
  b.ready();
  EXPECT_EQ(b.acquire("A").at, ticket::phase::queued);
  const auto begun = b.begin_connects();
  b.acquire("B");
  b.log();
  b.close();
  EXPECT_EQ(b.log(), "acquire_failed pool_closed, A?, acquire_failed pool_closed, B?, pool_closed");
  b.connected(begun.at(0));
  EXPECT_EQ(b.log(), "connection_closed 1 pool_closed");
  EXPECT_TRUE(b.begin_connects().empty());
}

TEST(ledger_state, a_suspended_pool_makes_callers_wait) {
  book b{plain(0, 2)};
  b.filled(1);
  b.suspend();
  EXPECT_FALSE(b.take());
  EXPECT_EQ(b.acquire("A").at, ticket::phase::queued);
  EXPECT_EQ(b.log(), "pool_suspended, acquire_started");
  b.resume();
  EXPECT_EQ(b.log(), "pool_resumed, A!, acquired 1");
}

TEST(ledger_state, a_clear_while_suspended_drops_connections_but_not_waiters) {
  book b{plain(0, 2)};
  b.filled(1);
  b.suspend();
  auto& t = b.acquire("A");
  b.log();
  b.clear();
  EXPECT_EQ(b.log(), "pool_cleared, connection_closed 1 stale");
  EXPECT_EQ(t.at, ticket::phase::queued);
  b.resume();
  b.connect_all();
  EXPECT_EQ(t.at, ticket::phase::granted);
}

TEST(ledger_state, slow_start_after_an_outage_admits_more_with_each_success) {
  auto o = plain(0, 8);
  o.slow_start = true;
  book b{o};
  b.filled(8);
  EXPECT_EQ(b.numbers().lease_limit, 8U) << "no outage yet";
  b.clear();
  b.ready();
  EXPECT_EQ(b.numbers().lease_limit, 1U);
  std::vector<ticket*> waiting;
  for (int i = 0; i < 8; ++i) waiting.push_back(&b.acquire("W"));
  b.connect_all();
  EXPECT_EQ(b.numbers().in_use, 1U);
  b.release(b.held(*waiting[0]));
  b.connect_all();
  EXPECT_EQ(b.numbers().in_use, 2U);
  b.release(b.held(*waiting[1]));
  b.release(b.held(*waiting[2]));
  b.connect_all();
  EXPECT_EQ(b.numbers().in_use, 4U);
}

TEST(ledger_state, slow_start_grows_with_time_too) {
  auto o = plain(0, 8);
  o.slow_start = true;
  o.maintenance_interval = 1s;
  book b{o};
  b.ready();
  b.clear();
  b.ready();
  b.upkeep();
  EXPECT_EQ(b.pool.next_upkeep(b.now), b.now + 100ms);
  for (int i = 0; i < 3; ++i) {
    b.now += 100ms;
    b.upkeep();
  }
  EXPECT_EQ(b.numbers().lease_limit, 8U);
  EXPECT_EQ(b.pool.next_upkeep(b.now), b.now + 1s);
}

} // namespace
} // namespace holdfast::detail
