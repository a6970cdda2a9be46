// The shrinker, on a story that nothing is played for: what breaks it is known.
#include "sim/story/minimise.hpp"
#include "sim/story/shrink.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using numbers = std::vector<std::uint32_t>;

bool has(const numbers& all, std::uint32_t n) { return std::ranges::find(all, n) != all.end(); }

numbers up_to(std::uint32_t n) {
  numbers all;
  for (std::uint32_t i = 0; i < n; ++i) all.push_back(i);
  return all;
}

TEST(fewest, finds_the_two_that_do_it_together) {
  const auto fails = [](const numbers& left) { return has(left, 3) && has(left, 38); };
  EXPECT_THAT(fewest(up_to(40), fails, 1000), ElementsAre(3, 38));
}

TEST(fewest, leaves_nothing_where_nothing_was_the_cause) {
  EXPECT_THAT(fewest(
                  up_to(40), [](const numbers&) { return true; }, 1000),
              IsEmpty());
}

TEST(fewest, one_that_only_goes_after_another_goes_too) {
  // 7 hides what 2 does, unless 5 is there.
  const auto fails = [](const numbers& left) {
    return has(left, 2) && (!has(left, 7) || has(left, 5));
  };
  EXPECT_THAT(fewest(up_to(8), fails, 1000), ElementsAre(2));
}

TEST(fewest, keeps_to_its_tries_and_gives_what_fails) {
  std::size_t made = 0;
  const auto fails = [&made](const numbers& left) {
    ++made;
    return has(left, 3) && has(left, 38);
  };
  const numbers left = fewest(up_to(40), fails, 5);
  EXPECT_EQ(made, 5U);
  EXPECT_TRUE(fails(left));
}

TEST(least, finds_the_border) {
  EXPECT_EQ(least(1, 100, [](std::uint32_t n) { return n >= 37; }), 37U);
  EXPECT_EQ(least(1, 100, [](std::uint32_t) { return true; }), 1U);
  EXPECT_EQ(least(1, 100, [](std::uint32_t) { return false; }), 100U);
}

/// Breaks by faults 4 and 11 of caller 2 and its third call; by 20 another promise does. In order 0
/// it shows with many callers only.
ending play_fake(const plan& p) {
  ending e;
  e.struck = p.kept;
  if (has(p.kept, 20)) e.broken = "another promise";
  const bool seen = p.order == 1 || p.callers.size() > 4;
  if (has(p.kept, 4) && has(p.kept, 11) && has(p.callers, 2) && p.calls >= 3 && seen)
    e.broken = "write 2.3 took effect more than once";
  return e;
}

plan fake_story(const scenario& of) {
  plan p{.of = &of, .seed = 17};
  p.faults.resize(30);
  p.kept = up_to(30);
  p.callers = up_to(8);
  p.calls = 10;
  return p;
}

TEST(minimise, leaves_the_cause_and_nothing_else) {
  const scenario of{"fake", "", play_fake};
  const plan p = fake_story(of);
  const small_story small = minimise(p, play_fake(p));
  EXPECT_THAT(small.story.kept, ElementsAre(4, 11));
  EXPECT_THAT(small.story.callers, ElementsAre(2));
  EXPECT_EQ(small.story.calls, 3U);
  EXPECT_EQ(small.end.broken, "write 2.3 took effect more than once");
}

TEST(minimise, one_caller_stays_as_a_story_without_any_cannot_be_asked_for) {
  const auto always = [](const plan& p) { return ending{.broken = "always", .struck = p.kept}; };
  const scenario of{"fake", "", always};
  const plan p = fake_story(of);
  const small_story small = minimise(p, always(p));
  EXPECT_THAT(small.story.kept, IsEmpty());
  EXPECT_EQ(small.story.callers.size(), 1U);
}

TEST(minimise, the_report_names_promise_seed_faults_and_command) {
  const scenario of{"fake", "", play_fake};
  const plan p = fake_story(of);
  const std::string text = report(p, minimise(p, play_fake(p)));
  EXPECT_THAT(text, HasSubstr("BROKEN: write 2.3 took effect more than once\n"));
  EXPECT_THAT(text, HasSubstr("to 2 faults and 1 callers with 3 calls each"));
  EXPECT_THAT(text, HasSubstr("11 lost: caller 0, call 0: a message is lost"));
  EXPECT_THAT(text,
              HasSubstr("again: ./run sim --seed 17 --scenario fake --faults 4,11 --callers 2 "
                        "--calls 3 --order 1\n"));
}

} // namespace
} // namespace holdfast::sim
