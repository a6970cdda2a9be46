#include "unit/pool/ledger_book.hpp"

namespace holdfast::detail {
namespace {

TEST(ledger_connect, at_most_max_connecting_at_once) {
  book b{plain(0, 10)};
  b.ready();
  for (const char* name : {"A", "B", "C", "D"}) b.acquire(name);
  auto begun = b.begin_connects();
  ASSERT_EQ(begun.size(), 2U);
  EXPECT_EQ(b.numbers().connecting, 2U);
  b.connected(begun[0]);
  EXPECT_EQ(b.begin_connects().size(), 1U);
}

TEST(ledger_connect, never_beyond_max_size) {
  auto o = plain(0, 2);
  o.max_connecting = 5;
  book b{o};
  b.ready();
  for (const char* name : {"A", "B", "C"}) b.acquire(name);
  EXPECT_EQ(b.begin_connects().size(), 2U);
}

TEST(ledger_connect, a_connect_that_nobody_waits_for_any_more_is_not_begun) {
  book b{plain(0, 2)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.acquire("A");
  ASSERT_EQ(b.asked(), 1U);
  b.release(b.last_taken);
  b.log();
  EXPECT_TRUE(b.begin_connects().empty());
  EXPECT_EQ(b.log(), "");
  EXPECT_EQ(b.numbers().connecting, 0U);
}

TEST(ledger_connect,
     a_returned_connection_goes_to_the_longest_waiter_though_connects_are_in_flight) {
  book b{plain(0, 10)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.acquire("A");
  b.acquire("B");
  b.acquire("C");
  const auto begun = b.begin_connects();
  ASSERT_EQ(begun.size(), 2U);
  b.log();
  b.release(b.last_taken);
  EXPECT_EQ(b.log(), "released 1, A!, acquired 1");
  EXPECT_EQ(b.asked(), 0U) << "A's connect now is C's: no third";
  b.connected(begun[1]);
  EXPECT_EQ(b.log(), "connection_ready 3, B!, acquired 3");
  b.failed(begun[0]);
  EXPECT_EQ(b.log(), "connection_closed 2 error, acquire_failed connection_error, C?");
}

TEST(ledger_connect, a_failed_connect_fails_the_one_waiter_it_was_for) {
  book b{plain(0, 1)};
  b.ready();
  auto& a = b.acquire("A");
  b.acquire("B");
  b.log();
  b.failed(b.begin_connects().at(0));
  EXPECT_EQ(b.log(), "connection_created 1, connection_closed 1 error, "
                     "acquire_failed connection_error, A?");
  EXPECT_EQ(a.why, refusal::connect_failed);
  EXPECT_EQ(b.begin_connects().size(), 1U) << "B's turn";
}

TEST(ledger_connect, a_condemned_host_clears_before_the_close_and_tells_its_waiter_last) {
  book b{plain(0, 3)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  auto& a = b.acquire("A");
  auto& c = b.acquire("B");
  const auto begun = b.begin_connects();
  b.log();
  b.failed(begun.at(0), true);
  EXPECT_EQ(b.log(), "pool_cleared, acquire_failed connection_error, B?, "
                     "connection_closed 2 error, acquire_failed connection_error, A?");
  EXPECT_EQ(a.why, refusal::connect_failed);
  EXPECT_EQ(c.why, refusal::cleared);
  EXPECT_EQ(b.pool.state(), pool_state::paused);
}

TEST(ledger_connect, a_stale_connect_that_fails_does_not_clear_again) {
  book b{plain(0, 3)};
  b.ready();
  b.acquire("A");
  const auto begun = b.begin_connects();
  b.clear();
  b.ready();
  b.log();
  const auto generation = b.pool.generation();
  b.failed(begun.at(0), true);
  EXPECT_EQ(b.log(), "connection_closed 1 error");
  EXPECT_EQ(b.pool.generation(), generation);
  EXPECT_EQ(b.pool.state(), pool_state::ready);
}

TEST(ledger_connect, a_waiter_that_gives_up_leaves_its_connect_to_the_next) {
  auto o = plain(0, 5);
  o.max_connecting = 1;
  book b{o};
  b.ready();
  auto& a = b.acquire("A");
  b.acquire("B");
  const auto begun = b.begin_connects();
  b.withdraw(a);
  EXPECT_EQ(b.asked(), 0U);
  b.log();
  b.connected(begun.at(0));
  EXPECT_EQ(b.log(), "connection_ready 1, B!, acquired 1");
}

TEST(ledger_connect, a_connect_without_waiters_is_kept) {
  book b{plain(0, 5)};
  b.ready();
  auto& a = b.acquire("A");
  const auto begun = b.begin_connects();
  b.withdraw(a, refusal::cancelled);
  b.log();
  b.connected(begun.at(0));
  EXPECT_EQ(b.log(), "connection_ready 1");
  EXPECT_EQ(b.numbers().idle, 1U);
}

TEST(ledger_connect, fills_to_min_size_when_ready_and_only_then) {
  book b{plain(3, 5)};
  EXPECT_EQ(b.asked(), 0U);
  b.ready();
  EXPECT_EQ(b.asked(), 2U) << "max_connecting";
  b.connect_all();
  EXPECT_EQ(b.numbers().idle, 3U);
  b.clear();
  EXPECT_EQ(b.asked(), 0U);
}

TEST(ledger_connect, a_waiter_takes_over_a_filling_connect) {
  book b{plain(1, 5)};
  b.ready();
  const auto begun = b.begin_connects();
  b.acquire("A");
  EXPECT_EQ(b.asked(), 0U);
  b.log();
  b.connected(begun.at(0));
  EXPECT_EQ(b.log(), "connection_ready 1, A!, acquired 1");
}

TEST(ledger_connect, filling_pauses_longer_after_each_failure) {
  book b{plain(1, 5)};
  b.ready();
  duration before{};
  for (int round = 0; round < 4; ++round) {
    const auto begun = b.begin_connects();
    ASSERT_EQ(begun.size(), 1U);
    b.failed(begun[0]);
    duration waited{};
    for (; b.asked() == 0; waited += 10ms) {
      b.now += 10ms;
      b.upkeep();
      ASSERT_LT(waited, 10s);
    }
    EXPECT_GT(waited, before);
    before = waited;
  }
}

TEST(ledger_connect, a_waiter_is_not_held_up_by_the_pause) {
  book b{plain(1, 5)};
  b.ready();
  b.failed(b.begin_connects().at(0));
  EXPECT_EQ(b.asked(), 0U);
  b.acquire("A");
  EXPECT_EQ(b.begin_connects().size(), 1U);
}

TEST(ledger_connect, a_donated_connection_serves_the_first_waiter) {
  book b{plain(0, 2)};
  b.ready();
  auto& a = b.acquire("A");
  b.log();
  effects fx;
  const auto place = b.pool.donate(b.now, fx);
  ASSERT_TRUE(place);
  EXPECT_TRUE(b.pool.connected(place->slot, place->serial, b.now, 0, fx));
  b.pool.check();
  EXPECT_EQ(a.at, ticket::phase::granted);
  EXPECT_EQ(b.pool.at(a.slot).connection, place->connection);
}

TEST(ledger_connect, nothing_is_donated_to_a_pool_that_is_full_or_paused) {
  book b{plain(0, 1)};
  effects fx;
  EXPECT_FALSE(b.pool.donate(b.now, fx));
  b.filled(1);
  EXPECT_FALSE(b.pool.donate(b.now, fx));
}

TEST(ledger_connect, connects_of_an_earlier_generation_still_count) {
  auto o = plain(0, 10);
  o.max_connecting = 1;
  book b{o};
  b.ready();
  b.acquire("A");
  const auto begun = b.begin_connects();
  b.clear();
  b.ready();
  b.acquire("B");
  EXPECT_EQ(b.asked(), 0U) << "max_connecting holds always";
  b.log();
  b.connected(begun.at(0));
  EXPECT_EQ(b.log(), "connection_closed 1 stale");
  EXPECT_EQ(b.begin_connects().size(), 1U);
}

} // namespace
} // namespace holdfast::detail
