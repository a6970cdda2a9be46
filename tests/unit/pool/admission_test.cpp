#include "pool/admission.hpp"
#include "unit/pool/ledger_book.hpp"

#include <deque>

namespace holdfast::detail {
namespace {

admission_question busy() {
  return {.remaining = 1s, .median_use = 10ms, .places = 4, .waiting = 0};
}

TEST(admission, who_may_get_the_next_free_place_is_never_refused) {
  auto q = busy();
  q.remaining = 0ns;
  q.median_use = 1h;
  q.waiting = 3;
  EXPECT_TRUE(can_be_in_time(q));
  q.waiting = 4;
  EXPECT_FALSE(can_be_in_time(q));
}

TEST(admission, refuses_what_cannot_be_served_in_time) {
  auto q = busy();
  q.waiting = 803;
  EXPECT_EQ(shortest_wait(q), 1s);
  EXPECT_TRUE(can_be_in_time(q));
  q.waiting = 804;
  EXPECT_FALSE(can_be_in_time(q));
  q.places = 8;
  EXPECT_TRUE(can_be_in_time(q));
}

TEST(admission, of_an_unknown_time_of_use_nothing_follows) {
  auto q = busy();
  q.median_use = 0s;
  q.waiting = 1'000'000;
  EXPECT_TRUE(can_be_in_time(q));
}

TEST(admission, nor_of_a_pool_that_lends_nothing_for_now) {
  auto q = busy();
  q.places = 0;
  q.waiting = 1'000;
  EXPECT_TRUE(can_be_in_time(q));
}

/// Two connections, a crowd that waits for them, each use taking `use`.
struct crowd {
  explicit crowd(pool_options o = plain(0, 2)) : b{o} {
    b.filled(2);
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(b.take());
      out.push_back(b.last_taken);
    }
  }
  void join(int n) {
    for (int i = 0; i < n; ++i) waiting.push_back(&b.acquire("W"));
  }
  /// The next to be served gets the place of whoever holds one longest.
  void serve(int n, duration use) {
    for (int i = 0; i < n; ++i) {
      b.now += use / 2; // two at once
      b.release(out.front());
      out.pop_front();
      out.push_back(b.held(*waiting.front()));
      waiting.pop_front();
    }
  }
  ticket& arrive(duration patience, priority p = priority::normal) {
    return b.acquire("N", p, b.now + patience);
  }
  book b;
  std::deque<hold> out;
  std::deque<ticket*> waiting;
};

TEST(ledger_admission, who_cannot_be_served_in_time_is_refused_at_once) {
  crowd c;
  c.join(133);
  c.serve(32, 100ms); // 101 wait for two places: at least 50 rounds of half of 100 ms
  c.b.log();
  const ticket& late = c.arrive(2s);
  EXPECT_EQ(late.why, refusal::too_late);
  EXPECT_EQ(late.at, ticket::phase::failed);
  EXPECT_GT(late.shortest_wait, 2s);
  EXPECT_EQ(c.b.log(), "acquire_started, acquire_failed overloaded, N?");
  EXPECT_EQ(c.arrive(3s).at, ticket::phase::queued);
  EXPECT_EQ(c.b.acquire("no limit").at, ticket::phase::queued);
}

TEST(ledger_admission, a_few_uses_prove_nothing) {
  crowd c;
  c.join(131);
  c.serve(31, 100ms);
  EXPECT_EQ(c.arrive(10ms).at, ticket::phase::queued);
}

TEST(ledger_admission, an_earlier_crowd_proves_nothing) {
  crowd c;
  c.join(40);
  c.serve(40, 10s);
  c.join(100);
  EXPECT_EQ(c.arrive(10ms).at, ticket::phase::queued);
}

TEST(ledger_admission, only_those_who_are_served_before_count) {
  crowd c;
  c.join(133);
  c.serve(32, 100ms);
  EXPECT_EQ(c.arrive(10ms, priority::critical).at, ticket::phase::queued);
  EXPECT_EQ(c.arrive(2s, priority::background).why, refusal::too_late);
}

TEST(ledger_admission, whoever_is_served_first_by_choice_is_not_refused) {
  auto o = plain(0, 2);
  o.newest_first = true;
  book b{o};
  b.filled(2);
  ASSERT_TRUE(b.take());
  hold out = b.last_taken;
  ASSERT_TRUE(b.take());
  std::deque<ticket*> waiting;
  for (int i = 0; i < 140; ++i) waiting.push_back(&b.acquire("W"));
  for (int i = 0; i < 40; ++i) {
    b.now += 100ms;
    b.release(out);
    out = b.held(*waiting.back());
    waiting.pop_back();
  }
  EXPECT_EQ(b.acquire("N", priority::normal, b.now + 10ms).at, ticket::phase::queued);
}

TEST(ledger_admission, can_be_switched_off) {
  auto o = plain(0, 2);
  o.refuse_late = false;
  crowd c{o};
  c.join(133);
  c.serve(32, 100ms);
  EXPECT_EQ(c.arrive(10ms).at, ticket::phase::queued);
}

/// All uses take equally long: then it is known who will be served, and none of them is refused.
TEST(ledger_admission, nobody_is_refused_who_would_have_been_served) {
  for (const duration patience : {duration{50ms}, duration{200ms}, duration{1s}, duration{3s}}) {
    crowd c;
    c.join(150);
    c.serve(40, 100ms);
    const time_point arrived = c.b.now;
    ticket& asked = c.arrive(patience);
    if (asked.at == ticket::phase::queued) continue;
    c.serve(110, 100ms);
    EXPECT_GT(c.b.now - arrived, patience);
  }
}

} // namespace
} // namespace holdfast::detail
