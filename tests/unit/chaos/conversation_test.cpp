#include "chaos/conversation.hpp"
#include "chaos/rule.hpp"
#include "unit/chaos/messages.hpp"

#include <gtest/gtest.h>
#include <set>

namespace holdfast::chaos {
namespace {

using namespace std::chrono_literals;
using namespace tests;

/// A conversation, driven by hand in a time of its own.
struct talk {
  explicit talk(std::uint64_t seed = 1, std::uint64_t number = 1) : it{seed, number} {}

  std::shared_ptr<live_rule> rule(std::string_view text) {
    auto made = std::make_shared<live_rule>(live_rule{++last, parse_fault_rule(text).value()});
    it.add(made, now);
    return made;
  }
  void say(side who, std::string_view bytes) {
    if (it.feed(who, now, bytes)) it.queue(who).push_back({now, std::string{bytes}});
  }
  /// What is due now: the bytes, and how it ends: '.' end of stream, '|' close, '!' reset.
  std::string due(side who) {
    std::string text;
    auto& queue = it.queue(who);
    for (; !queue.empty() && queue.front().due <= now; queue.pop_front()) {
      text += queue.front().bytes;
      if (queue.front().then != ending::none)
        text += " .|!"[static_cast<std::size_t>(queue.front().then)];
    }
    return text;
  }
  std::string client(std::string_view bytes) {
    say(side::client, bytes);
    return due(side::client);
  }
  std::string server(std::string_view bytes) {
    say(side::server, bytes);
    return due(side::server);
  }
  std::string done() {
    std::string text;
    for (const auto& r : it.take_records()) text += to_string(r) + "\n";
    return text;
  }

  conversation it;
  time_point now{1h};
  std::uint32_t last = 0;
};

TEST(conversation, without_rules_all_passes_untouched) {
  talk t;
  EXPECT_TRUE(t.it.feed(side::client, t.now, "hello"));
  EXPECT_TRUE(t.it.feed(side::server, t.now, "hello"));
  EXPECT_TRUE(t.it.queue(side::client).empty());
  t.it.finish(side::client, t.now);
  EXPECT_EQ(t.due(side::client), ".");
  EXPECT_EQ(t.server("more"), "more");
}

TEST(conversation, reset_after_bytes_forwards_exactly_those) {
  talk t;
  t.rule("reset direction=to_client after=6B");
  EXPECT_EQ(t.client("any number of bytes"), "any number of bytes");
  EXPECT_EQ(t.server("abcd"), "abcd");
  EXPECT_EQ(t.server("efgh"), "ef!");
  EXPECT_TRUE(t.it.held(side::client));
  EXPECT_EQ(t.client("x"), "");
  EXPECT_EQ(t.server("y"), "");
  EXPECT_EQ(t.done(), "connection 1: reset (rule 1) to_client after byte 6\n");
}

TEST(conversation, a_rule_counts_from_where_it_came_into_force) {
  talk t;
  t.client("0123456789");
  t.rule("truncate direction=to_server after=2B");
  EXPECT_EQ(t.client("abcd"), "ab|");
}

TEST(conversation, at_once_needs_no_byte) {
  talk t;
  t.rule("reset");
  EXPECT_EQ(t.due(side::client), "!");
  talk h;
  h.rule("black_hole");
  EXPECT_TRUE(h.it.held(side::client));
  EXPECT_TRUE(h.it.held(side::server));
}

TEST(conversation, a_pattern_is_found_across_chunks_and_acts_behind_it) {
  for (std::size_t cut = 0; cut <= 8; ++cut) {
    talk t;
    t.rule("reset pattern=aab direction=to_server");
    const std::string text = "xaaabyyy";
    std::string got = t.client(text.substr(0, cut));
    got += t.client(text.substr(cut));
    EXPECT_EQ(got, "xaaab!") << cut;
  }
  talk t;
  t.rule("corrupt pattern=ab mask=1");
  EXPECT_EQ(t.client("ab0ab0ab"), "ab1ab1ab");
  EXPECT_EQ(t.client("0"), "1");
}

TEST(conversation, corrupts_one_byte) {
  talk t;
  t.rule("corrupt after=3B mask=32 direction=to_client");
  EXPECT_EQ(t.server("ab"), "ab");
  EXPECT_EQ(t.server("cdef"), "cDef");
  EXPECT_EQ(t.server("ghi"), "ghi");
}

TEST(conversation, delays_what_comes_together_together_and_keeps_the_order) {
  talk t;
  const auto r = t.rule("delay time=50ms direction=to_server");
  EXPECT_EQ(t.client("one"), "");
  t.now += 49ms;
  EXPECT_EQ(t.client("two"), "");
  t.now += 1ms;
  EXPECT_EQ(t.due(side::client), "one");
  EXPECT_EQ(t.server("reply"), "reply");
  t.now += 49ms;
  EXPECT_EQ(t.due(side::client), "two");
  t.client("three");
  t.it.finish(side::client, t.now);
  EXPECT_EQ(t.due(side::client), "");
  t.it.remove(r->id, t.now);
  EXPECT_EQ(t.due(side::client), "three."); // not held any longer than the rule
  EXPECT_EQ(t.done(), "connection 1: delay (rule 1) to_server after byte 0\n"); // once
}

TEST(conversation, jitter_stays_within_its_limits_and_depends_on_the_seed) {
  std::set<duration> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    talk t{seed};
    t.rule("delay time=50ms jitter=20ms");
    t.say(side::client, "x");
    const auto wait = t.it.queue(side::client).front().due - t.now;
    EXPECT_GE(wait, 30ms);
    EXPECT_LE(wait, 70ms);
    seen.insert(wait);
  }
  EXPECT_GT(seen.size(), 150U);
  EXPECT_LT(*seen.begin(), 35ms);
  EXPECT_GT(*seen.rbegin(), 65ms);
}

TEST(conversation, bandwidth_lets_through_its_rate) {
  talk t;
  t.rule("bandwidth rate=1000B direction=to_client");
  t.server(std::string(500, 'x'));
  std::size_t got = 0;
  for (int ms = 0; ms < 500; ms += 10, t.now += 10ms) {
    got += t.due(side::server).size();
    EXPECT_LE(got, static_cast<std::size_t>(ms) + 1);
    EXPECT_GE(got + 60, static_cast<std::size_t>(ms));
  }
  got += t.due(side::server).size();
  EXPECT_EQ(got, 500U);
}

TEST(conversation, slices) {
  talk t;
  t.rule("slice size=2B time=1ms direction=to_server");
  EXPECT_EQ(t.client("abcde"), "ab");
  t.now += 1ms;
  EXPECT_EQ(t.due(side::client), "cd");
  t.now += 1ms;
  EXPECT_EQ(t.due(side::client), "e");
  talk at_once;
  at_once.rule("slice size=1B");
  at_once.say(side::client, "abc");
  EXPECT_EQ(at_once.it.queue(side::client).size(), 3U);
}

TEST(conversation, half_close_ends_one_direction_and_drops_what_still_comes) {
  talk t;
  t.rule("half_close direction=to_server after=2B");
  EXPECT_EQ(t.client("abcd"), "ab.");
  EXPECT_EQ(t.client("ef"), "");
  t.it.finish(side::client, t.now);
  EXPECT_EQ(t.due(side::client), "");
  EXPECT_EQ(t.server("still"), "still");
}

TEST(conversation, a_black_hole_gives_back_what_it_took_when_it_is_removed) {
  talk t;
  const auto hole = t.rule("black_hole direction=to_client after=3B");
  EXPECT_EQ(t.server("abcdef"), "abc");
  EXPECT_TRUE(t.it.held(side::server));
  EXPECT_FALSE(t.it.held(side::client));
  EXPECT_EQ(t.server("ghi"), "");
  t.it.remove(hole->id, t.now);
  EXPECT_EQ(t.due(side::server), "defghi");
  EXPECT_EQ(t.server("jkl"), "jkl");
}

TEST(conversation, two_holes_are_two) {
  talk t;
  const auto one = t.rule("black_hole");
  const auto two = t.rule("black_hole direction=to_server");
  t.it.remove(one->id, t.now);
  EXPECT_TRUE(t.it.held(side::client));
  EXPECT_FALSE(t.it.held(side::server));
  t.it.remove(two->id, t.now);
  EXPECT_FALSE(t.it.held(side::client));
}

TEST(conversation, several_rules_at_once) {
  talk t;
  t.rule("corrupt after=1B mask=32 direction=to_server");
  t.rule("slice size=1B time=1ms direction=to_server");
  t.rule("reset after=3B direction=to_server");
  std::string got = t.client("abcdef");
  for (int i = 0; i < 5; ++i, t.now += 1ms) got += t.due(side::client);
  EXPECT_EQ(got, "aBc!");
}

TEST(conversation, commit_is_cut_before_its_first_byte_or_behind_its_last) {
  const auto text = query("insert") + query("commit");
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    for (const bool before : {true, false}) {
      talk t;
      t.client(startup());
      t.rule(before ? "reset at=before_commit" : "reset at=after_commit");
      std::string got = t.client(text.substr(0, cut));
      got += t.client(text.substr(cut));
      EXPECT_EQ(got, (before ? query("insert") : text) + "!") << cut;
      EXPECT_EQ(t.server("reply"), "");
    }
  }
}

TEST(conversation, the_reply_to_commit_can_be_held_or_delayed) {
  talk t;
  t.client(startup());
  t.rule("black_hole at=after_commit direction=to_client");
  EXPECT_EQ(t.client(query("commit")), query("commit"));
  EXPECT_TRUE(t.it.held(side::server));
  EXPECT_FALSE(t.it.held(side::client));

  talk d;
  d.client(startup());
  d.rule("delay at=after_commit direction=to_client time=20ms");
  d.client(query("commit"));
  EXPECT_EQ(d.server(complete()), "");
  d.now += 20ms;
  EXPECT_EQ(d.due(side::server), complete());
  EXPECT_EQ(d.server(ready()), ready()); // one pause, and no more
}

TEST(conversation, a_row_is_cut_inside_and_its_length_can_be_broken) {
  talk t;
  t.client(startup());
  t.rule("truncate at=in_row row=2");
  const auto got = t.server(row(40) + row(40) + row(40));
  EXPECT_GT(got.size(), row(40).size() + 5);
  EXPECT_LT(got.size(), 2 * row(40).size());
  EXPECT_EQ(got.back(), '|');

  talk c;
  c.client(startup());
  c.rule("corrupt at=row_length row=1 mask=127");
  auto broken = row(3);
  broken[1] = 127;
  auto sent = c.server(row(3).substr(0, 2));
  sent += c.server(row(3).substr(2));
  EXPECT_EQ(sent, broken);
}

TEST(conversation, the_smallest_row_has_an_inside_too) {
  talk t;
  t.client(startup());
  t.rule("reset at=in_row");
  const auto least = message_of('D', "\0\0"s);
  EXPECT_EQ(t.server(least).size(), 6U); // header and '!'
}

TEST(conversation, times_counts_over_all_connections) {
  const auto once = std::make_shared<live_rule>(
      live_rule{1, parse_fault_rule("reset at=after_commit times=1").value()});
  talk a{1, 1};
  talk b{1, 2};
  for (talk* t : {&a, &b}) {
    t->client(startup());
    t->it.add(once, t->now);
  }
  EXPECT_EQ(a.client(query("commit")), query("commit") + "!");
  EXPECT_EQ(b.client(query("commit")), query("commit"));
}

TEST(conversation, only_the_connection_that_was_meant) {
  talk third{1, 3};
  talk fourth{1, 4};
  for (talk* t : {&third, &fourth}) t->rule("reset connection=4 after=1B direction=to_server");
  EXPECT_EQ(third.client("ab"), "ab");
  EXPECT_EQ(fourth.client("ab"), "a!");
}

TEST(conversation, probability_is_kept_and_the_same_seed_chooses_the_same) {
  const auto chosen = [](std::uint64_t seed) {
    std::set<std::uint64_t> hit;
    for (std::uint64_t n = 1; n <= 2000; ++n) {
      talk t{seed, n};
      t.rule("reset probability=0.3 after=1B direction=to_server");
      if (t.client("ab") == "a!") hit.insert(n);
    }
    return hit;
  };
  const auto one = chosen(5);
  EXPECT_NEAR(static_cast<double>(one.size()), 600, 80);
  EXPECT_EQ(one, chosen(5));
  EXPECT_NE(one, chosen(6));
}

TEST(conversation, at_a_place_each_time_has_its_chance) {
  talk t;
  t.client(startup());
  t.rule("corrupt at=before_commit probability=0.5 mask=1");
  int hits = 0;
  for (int i = 0; i < 1000; ++i) hits += t.client(query("commit")) != query("commit");
  // A corrupted type makes the protocol of our side no worse: it has read the original.
  EXPECT_NEAR(hits, 500, 80);
}

TEST(conversation, the_end_of_one_side_is_a_place) {
  talk t;
  t.rule("reset at=end direction=to_client");
  t.it.finish(side::client, t.now);
  EXPECT_EQ(t.due(side::client), ".");
  t.it.finish(side::server, t.now);
  EXPECT_EQ(t.due(side::server), "!");

  talk slow;
  slow.rule("delay at=end time=3s");
  slow.client("last words");
  slow.it.finish(side::client, slow.now);
  EXPECT_EQ(slow.due(side::client), "");
  slow.now += 3s;
  EXPECT_EQ(slow.due(side::client), ".");
}

TEST(conversation, a_hole_at_the_end_is_filled_by_removing_it) {
  talk t;
  const auto hole = t.rule("black_hole at=end direction=to_server");
  t.it.finish(side::client, t.now);
  EXPECT_EQ(t.due(side::client), "");
  t.it.remove(hole->id, t.now);
  EXPECT_EQ(t.due(side::client), ".");
}

TEST(conversation, unfinished_messages_go_through_when_the_sender_ends) {
  talk t;
  t.client(startup());
  EXPECT_EQ(t.client("Q\0\0"s), "");
  t.it.finish(side::client, t.now);
  EXPECT_EQ(t.due(side::client), "Q\0\0."s);
}

} // namespace
} // namespace holdfast::chaos
