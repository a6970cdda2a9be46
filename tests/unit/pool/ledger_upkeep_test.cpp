#include "pool/sleep_detector.hpp"
#include "unit/pool/ledger_book.hpp"

namespace holdfast::detail {
namespace {

TEST(ledger_upkeep, idle_connections_close_least_recently_used_first_down_to_min_size) {
  auto o = plain(1, 3);
  o.idle_timeout = 60s;
  book b{o};
  b.filled(3);
  b.now += 60s;
  b.upkeep();
  EXPECT_EQ(b.log(), "");
  b.now += 1ms;
  b.upkeep();
  EXPECT_EQ(b.log(), "connection_closed 1 idle, connection_closed 2 idle");
  EXPECT_EQ(b.numbers().idle, 1U);
}

TEST(ledger_upkeep, an_acquire_skips_connections_idle_for_too_long) {
  auto o = plain(0, 2);
  o.idle_timeout = 10ms;
  book b{o};
  b.filled(2);
  b.now += 50ms;
  EXPECT_FALSE(b.take());
  b.acquire("A");
  EXPECT_EQ(b.log(), "acquire_started, connection_closed 1 idle, connection_closed 2 idle");
  b.connect_all();
  EXPECT_EQ(b.log(), "connection_created 3, connection_ready 3, A!, acquired 3");
}

TEST(ledger_upkeep, min_size_is_not_closed_for_idleness) {
  auto o = plain(1, 2);
  o.idle_timeout = 10ms;
  book b{o};
  b.filled(1);
  b.now += 50ms;
  b.acquire("A");
  EXPECT_EQ(b.log(), "acquire_started, A!, acquired 1");
}

TEST(ledger_upkeep, lifetime_replaces_ahead_of_time) {
  auto o = plain(0, 2);
  o.max_lifetime = 100s;
  book b{o};
  b.random = ~std::uint64_t{0}; // the full 25 % of jitter
  b.filled(1);
  b.now += 74s;
  b.upkeep();
  EXPECT_EQ(b.asked(), 0U);
  b.now += 1s + 1ms;
  b.upkeep();
  ASSERT_EQ(b.asked(), 1U);
  b.upkeep();
  ASSERT_EQ(b.asked(), 1U) << "one successor is enough";
  EXPECT_TRUE(b.take()) << "the old one serves until its successor is there";
  b.release(b.last_taken);
  b.log();
  b.connect_all();
  EXPECT_EQ(b.log(), "connection_created 2, connection_ready 2, connection_closed 1 lifetime");
}

TEST(ledger_upkeep, a_replaced_connection_in_use_closes_at_its_return) {
  auto o = plain(0, 2);
  o.max_lifetime = 100s;
  book b{o};
  b.filled(1);
  b.retire_all();
  ASSERT_TRUE(b.take());
  b.connect_all();
  b.log();
  b.release(b.last_taken);
  EXPECT_EQ(b.log(), "released 1, connection_closed 1 lifetime");
  EXPECT_EQ(b.asked(), 0U);
}

TEST(ledger_upkeep, in_a_full_pool_retirement_closes_first) {
  auto o = plain(0, 1);
  o.max_lifetime = 100s;
  book b{o};
  b.filled(1);
  b.retire_all();
  EXPECT_EQ(b.log(), "connection_closed 1 lifetime");
  b.connect_all();
  EXPECT_EQ(b.log(), "connection_created 2, connection_ready 2");
}

TEST(ledger_upkeep, a_failed_replacement_leaves_the_old_one_until_its_very_end) {
  auto o = plain(0, 2);
  o.max_lifetime = 100s;
  book b{o};
  b.filled(1);
  b.retire_all();
  b.failed(b.begin_connects().at(0));
  b.log();
  EXPECT_TRUE(b.take());
  b.now += 100s;
  b.release(b.last_taken);
  EXPECT_EQ(b.log(), "acquire_started, acquired 1, released 1, connection_closed 1 lifetime");
}

TEST(ledger_upkeep, a_connection_past_its_lifetime_is_never_lent) {
  auto o = plain(0, 1);
  o.max_lifetime = 100s;
  book b{o};
  b.filled(1);
  b.now += 100s;
  EXPECT_FALSE(b.take());
  b.acquire("A");
  EXPECT_EQ(b.log(), "acquire_started, connection_closed 1 lifetime");
}

TEST(ledger_upkeep, connects_in_flight_are_retired_too) {
  book b{plain(0, 3)};
  b.ready();
  auto& t = b.acquire("A");
  const auto begun = b.begin_connects();
  b.retire_all();
  b.connected(begun.at(0));
  b.log();
  b.release(b.held(t));
  EXPECT_EQ(b.asked(), 1U) << "it may have been opened with the old credential";
}

TEST(ledger_upkeep, keepalive_pings_and_keeps_the_order_of_use) {
  auto o = plain(0, 2);
  o.keepalive = 120s;
  book b{o};
  b.filled(1);
  b.now += 60s;
  ASSERT_TRUE(b.take());
  b.acquire("B");
  b.connect_all();
  const hold first = b.last_taken;
  b.release(first);
  b.log();
  b.now += 119s;
  b.upkeep();
  EXPECT_EQ(b.log(), "");
  b.now += 1s;
  b.upkeep();
  EXPECT_EQ(b.log(), "ping");
  b.tended(b.tends().at(0), tending::ping, true);
  EXPECT_EQ(b.numbers().idle, 1U);
  b.upkeep();
  EXPECT_EQ(b.log(), "") << "proved just now";
}

TEST(ledger_upkeep, a_failed_keepalive_closes) {
  auto o = plain(0, 2);
  o.keepalive = 120s;
  book b{o};
  b.filled(1);
  b.now += 120s;
  b.upkeep();
  b.log();
  b.tended(b.tends().at(0), tending::ping, false);
  EXPECT_EQ(b.log(), "connection_closed 1 validation");
}

TEST(ledger_upkeep, what_is_tended_during_a_clear_is_stale) {
  auto o = plain(0, 2);
  o.keepalive = 120s;
  book b{o};
  b.filled(1);
  b.now += 120s;
  b.upkeep();
  b.clear();
  b.log();
  b.tended(b.tends().at(0), tending::ping, true);
  EXPECT_EQ(b.log(), "connection_closed 1 stale");
}

TEST(ledger_upkeep, a_leak_is_told_once_a_lease) {
  auto o = plain(0, 1);
  o.leak_after = 60s;
  book b{o};
  b.filled(1);
  ASSERT_TRUE(b.take());
  b.log();
  b.now += 60s;
  b.upkeep();
  b.upkeep();
  EXPECT_EQ(b.log(), "leak_suspected 1");
  b.release(b.last_taken);
  ASSERT_TRUE(b.take());
  b.log();
  b.now += 60s;
  b.upkeep();
  EXPECT_EQ(b.log(), "leak_suspected 1");
}

TEST(ledger_upkeep, a_paused_pool_is_not_filled) {
  book b{plain(2, 4)};
  b.ready();
  b.connect_all();
  b.clear();
  b.now += 1h;
  b.upkeep();
  EXPECT_EQ(b.asked(), 0U);
}

TEST(sleep_detector, notices_a_night_and_forgives_a_moment) {
  sleep_detector d;
  const time_point start{1h};
  EXPECT_FALSE(d.slept(start, 1h));
  EXPECT_FALSE(d.slept(start + 10s, 1h + 10s + 3ms));
  EXPECT_TRUE(d.slept(start + 20s, 9h));
  EXPECT_FALSE(d.slept(start + 30s, 9h + 10s));
}

} // namespace
} // namespace holdfast::detail
