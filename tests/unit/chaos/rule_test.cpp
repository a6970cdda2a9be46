#include "chaos/rule.hpp"

#include <gtest/gtest.h>

namespace holdfast::chaos {
namespace {

std::string said(std::string_view text) {
  const auto r = parse_fault_rule(text);
  return r ? "no error" : r.error().message;
}

TEST(rule, reads_what_it_writes) {
  for (const std::string text :
       {"refuse", "refuse probability=0.25", "black_hole direction=to_client at=after_commit",
        "delay connection=3 time=50ms jitter=10ms", "bandwidth rate=64KiB",
        "slice time=1ms size=1B", "truncate after=100B", "corrupt at=row_length row=7 mask=127",
        "reset at=before_commit times=1", "half_close direction=to_server at=end",
        R"(reset at=pattern pattern="say \"x\" \\ \x00\xff")"}) {
    const auto r = parse_fault_rule(text);
    ASSERT_TRUE(r) << text << ": " << r.error().message;
    EXPECT_EQ(to_string(*r), text);
  }
}

TEST(rule, has_defaults_and_takes_hyphens) {
  const auto r = parse_fault_rule("  black-hole   pattern=COMMIT ");
  ASSERT_TRUE(r);
  EXPECT_EQ(r->verb, fault_verb::black_hole);
  EXPECT_EQ(r->direction, fault_direction::both);
  EXPECT_EQ(r->at, fault_place::pattern);
  EXPECT_EQ(r->pattern, "COMMIT");
  EXPECT_EQ(r->probability, 1);
  EXPECT_EQ(parse_fault_rule(R"(reset pattern="a\n\t\x41 b")")->pattern, "a\n\tA b");
}

TEST(rule, an_error_says_which_word_what_was_given_and_what_it_takes) {
  EXPECT_EQ(said("rest"),
            "there is no fault 'rest'; did you mean reset?; a rule begins with one of "
            "refuse, black_hole, delay, bandwidth, slice, truncate, corrupt, reset, "
            "half_close");
  EXPECT_EQ(said("reset probabilty=1").substr(0, 58),
            "there is no key 'probabilty'; did you mean probability?; r");
  EXPECT_EQ(said("reset after=100"),
            "after: given 100; takes a size from 0B to 1048576GiB, with its unit (64KiB, 16MiB)");
  EXPECT_EQ(said("delay time=50"),
            "time: given 50; takes a duration from 0 to 1d, with its unit (500ms, 5s, 2min)");
  EXPECT_EQ(said("reset probability=1.5"), "probability: given 1.5; takes a number above 0 to 1");
  EXPECT_EQ(said("reset probability=0").substr(0, 20), "probability: given 0");
  EXPECT_EQ(said("reset times="), "times: given nothing; takes a count from 1 to 4294967295");
  EXPECT_EQ(said("reset at=commit").substr(0, 24), "at: given commit; takes ");
}

TEST(rule, what_makes_no_sense_together_is_refused) {
  EXPECT_EQ(said("reset rate=1KiB"), "reset takes no rate");
  EXPECT_EQ(said("refuse after=1B"), "refuse takes no after");
  EXPECT_EQ(said("delay"), "delay needs time=DURATION");
  EXPECT_EQ(said("delay time=1ms jitter=2ms"), "jitter is at most time");
  EXPECT_EQ(said("bandwidth"), "bandwidth needs rate=SIZE");
  EXPECT_EQ(said("slice"), "slice needs size=SIZE");
  EXPECT_EQ(said("reset at=pattern"), "at=pattern needs pattern=TEXT, of 1 to 256 bytes");
  EXPECT_EQ(said("reset pattern=x at=end"), "pattern goes with at=pattern");
  EXPECT_EQ(said("reset row=2"), "row goes with at=in_row and at=row_length");
  EXPECT_EQ(said("reset at=end after=3B"), "after goes with at=bytes");
  EXPECT_EQ(said("reset pattern=\"x"), "pattern: the closing \" is missing");
  EXPECT_NE(said(R"(reset pattern="\q")"), "no error");
  EXPECT_NE(said(""), "no error");
  EXPECT_NE(said("reset=1"), "no error");
}

TEST(rule, a_rule_from_code_is_held_to_the_same) {
  EXPECT_FALSE(complaint({.verb = fault_verb::reset}));
  EXPECT_EQ(complaint({.verb = fault_verb::reset, .probability = 0}),
            "probability: given 0; takes a number above 0 to 1");
  EXPECT_EQ(complaint({.verb = fault_verb::refuse, .size = 3}), "refuse takes no size");
  EXPECT_TRUE(complaint({.verb = fault_verb::reset, .times = 0}));
  EXPECT_TRUE(complaint({.verb = fault_verb::corrupt, .mask = 0}));
}

} // namespace
} // namespace holdfast::chaos
