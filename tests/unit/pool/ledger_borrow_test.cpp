#include "unit/pool/ledger_book.hpp"

namespace holdfast::detail {
namespace {

TEST(ledger_borrow, a_paused_pool_refuses) {
  book b{plain(0, 2)};
  auto& t = b.acquire("A");
  EXPECT_EQ(b.log(), "acquire_started, acquire_failed connection_error, A?");
  EXPECT_EQ(t.why, refusal::cleared);
}

TEST(ledger_borrow, a_closed_pool_refuses) {
  book b{plain(0, 2)};
  b.ready();
  b.close();
  b.log();
  EXPECT_EQ(b.acquire("A").why, refusal::closed);
  EXPECT_EQ(b.log(), "acquire_started, acquire_failed pool_closed, A?");
}

TEST(ledger_borrow, the_first_acquire_opens_a_connection_and_gets_it) {
  book b{plain(0, 2)};
  b.ready();
  b.acquire("A");
  b.connect_all();
  EXPECT_EQ(b.log(), "pool_ready, acquire_started, connection_created 1, connection_ready 1, A!, "
                     "acquired 1");
}

TEST(ledger_borrow, the_most_recently_used_connection_goes_first) {
  book b{plain(0, 3)};
  b.filled(3);
  ASSERT_TRUE(b.take());
  EXPECT_EQ(b.last_taken.connection, 3U);
  const hold third = b.last_taken;
  ASSERT_TRUE(b.take());
  EXPECT_EQ(b.last_taken.connection, 2U);
  b.now += 1ms;
  b.release(third);
  ASSERT_TRUE(b.take());
  EXPECT_EQ(b.last_taken.connection, 3U);
}

TEST(ledger_borrow, the_fast_path_changes_nothing_when_it_refuses) {
  book b{plain(0, 1)};
  EXPECT_FALSE(b.take());
  b.ready();
  b.log();
  EXPECT_FALSE(b.take());
  EXPECT_EQ(b.log(), "");
}

TEST(ledger_borrow, waiters_are_served_in_their_order) {
  book b{plain(0, 1)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  const hold h = b.last_taken;
  auto& first = b.acquire("A");
  auto& second = b.acquire("B");
  b.log();
  b.release(h);
  EXPECT_EQ(b.log(), "released 1, A!, acquired 1");
  EXPECT_FALSE(b.take()) << "barged past a waiter";
  b.release(b.held(first));
  EXPECT_EQ(b.log(), "released 1, B!, acquired 1");
  b.release(b.held(second));
}

TEST(ledger_borrow, priorities_go_first_and_each_keeps_its_order) {
  book b{plain(0, 1)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  hold h = b.last_taken;
  b.acquire("background", priority::background);
  b.acquire("normal1");
  b.acquire("critical", priority::critical);
  b.acquire("normal2");
  b.log();
  std::string order;
  for (int i = 0; i < 4; ++i) {
    b.release(h);
    const auto log = b.log();
    order += log.substr(log.find(", ") + 2, log.find('!') - log.find(", ") - 1);
    h.serial = b.pool.at(h.slot).serial;
  }
  EXPECT_EQ(order, "critical!normal1!normal2!background!");
}

TEST(ledger_borrow, newest_first_serves_the_newest_waiter) {
  auto o = plain(0, 1);
  o.newest_first = true;
  book b{o};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.acquire("A");
  b.acquire("B");
  b.log();
  b.release(b.last_taken);
  EXPECT_EQ(b.log(), "released 1, B!, acquired 1");
}

TEST(ledger_borrow, a_full_queue_refuses_at_once) {
  auto o = plain(0, 1);
  o.wait_queue_limit = 1;
  book b{o};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.acquire("A");
  b.log();
  EXPECT_EQ(b.acquire("B").why, refusal::overloaded);
  EXPECT_EQ(b.log(), "acquire_started, acquire_failed overloaded, B?");
  EXPECT_EQ(b.numbers().waiting, 1U);
}

TEST(ledger_borrow, a_waiter_that_gives_up_is_told_and_forgotten) {
  book b{plain(0, 1)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  auto& t = b.acquire("A");
  b.log();
  b.withdraw(t);
  EXPECT_EQ(b.log(), "acquire_failed timeout, A?");
  b.release(b.last_taken);
  EXPECT_EQ(b.log(), "released 1");
  EXPECT_EQ(b.numbers().idle, 1U);
}

TEST(ledger_borrow, a_connection_in_doubt_is_closed_and_its_place_used_anew) {
  book b{plain(0, 1)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.acquire("A");
  b.log();
  b.release(b.last_taken, ledger::returned::in_doubt);
  EXPECT_EQ(b.log(), "released 1, connection_closed 1 error");
  b.connect_all();
  EXPECT_EQ(b.log(), "connection_created 2, connection_ready 2, A!, acquired 2");
}

TEST(ledger_borrow, a_dirty_connection_is_reset_before_its_next_borrower) {
  book b{plain(0, 1)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.acquire("A");
  b.log();
  b.release(b.last_taken, ledger::returned::dirty);
  EXPECT_EQ(b.log(), "released 1, reset");
  EXPECT_EQ(b.numbers().tending, 1U);
  b.tended(b.tends().at(0), tending::reset, true);
  EXPECT_EQ(b.log(), "A!, acquired 1");
}

TEST(ledger_borrow, a_failed_reset_closes) {
  book b{plain(0, 1)};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.release(b.last_taken, ledger::returned::dirty);
  b.log();
  b.tended(b.tends().at(0), tending::reset, false);
  EXPECT_EQ(b.log(), "connection_closed 1 error");
  EXPECT_EQ(b.numbers().idle, 0U);
}

TEST(ledger_borrow, a_connection_idle_for_long_is_validated) {
  auto o = plain(0, 2);
  o.ping_after_idle = 500ms;
  book b{o};
  b.filled(1);
  b.now += 500ms;
  EXPECT_TRUE(b.take());
  b.release(b.last_taken);
  b.now += 501ms;
  EXPECT_FALSE(b.take());
  b.log();
  auto& t = b.acquire("A");
  EXPECT_TRUE(t.check && t.ping);
  EXPECT_EQ(b.log(), "acquire_started, A!");
  EXPECT_EQ(b.confirm(t), ledger::confirmed::leased);
  EXPECT_EQ(b.log(), "acquired 1");
}

TEST(ledger_borrow, who_got_a_dead_connection_is_served_again_before_all_others) {
  auto o = plain(0, 1);
  o.ping_after_idle = 500ms;
  book b{o};
  b.filled(1);
  b.now += 1s;
  auto& a = b.acquire("A");
  b.acquire("B");
  b.log();
  b.reject_and_retry(a);
  EXPECT_EQ(b.log(), "connection_closed 1 validation");
  b.connect_all();
  EXPECT_EQ(b.log(), "connection_created 2, connection_ready 2, A!, acquired 2");
}

TEST(ledger_borrow, a_suspect_connection_is_validated_however_fresh) {
  auto o = plain(0, 1);
  o.ping_after_idle = 500ms;
  book b{o};
  b.filled(1);
  b.pool.suspect_idle();
  EXPECT_FALSE(b.take());
  auto& t = b.acquire("A");
  ASSERT_TRUE(t.ping);
  EXPECT_EQ(b.confirm(t), ledger::confirmed::leased);
  b.release(b.held(t));
  EXPECT_TRUE(b.take());
}

TEST(ledger_borrow, a_clear_during_validation_ends_the_acquire) {
  auto o = plain(0, 1);
  o.ping_after_idle = 500ms;
  book b{o};
  b.filled(1);
  b.now += 1s;
  auto& t = b.acquire("A");
  b.clear();
  b.log();
  EXPECT_EQ(b.confirm(t), ledger::confirmed::refused);
  EXPECT_EQ(b.log(), "connection_closed 1 stale, acquire_failed connection_error, A?");
  EXPECT_EQ(t.why, refusal::cleared);
}

TEST(ledger_borrow, hooks_at_each_borrow_switch_the_fast_path_off) {
  book b{plain(0, 1), {.always_check = true}};
  b.ready();
  auto& t = b.acquire("A");
  b.connect_all();
  EXPECT_TRUE(t.check);
  EXPECT_FALSE(t.ping) << "a fresh connection needs no ping";
  b.confirm(t);
  b.release(b.held(t));
  EXPECT_FALSE(b.take());
}

TEST(ledger_borrow, the_lease_limit_holds_leases_and_connects_back) {
  book b{plain(0, 4)};
  b.filled(4);
  b.limit(2);
  ASSERT_TRUE(b.take());
  const hold first = b.last_taken;
  ASSERT_TRUE(b.take());
  EXPECT_FALSE(b.take());
  b.acquire("A");
  b.log();
  EXPECT_EQ(b.numbers().waiting, 1U);
  b.release(first);
  EXPECT_EQ(b.log(), "released 4, A!, acquired 4");
  b.acquire("B");
  EXPECT_EQ(b.asked(), 0U);
  b.log();
  b.limit(4);
  EXPECT_EQ(b.log(), "B!, acquired 2");
}

} // namespace
} // namespace holdfast::detail
