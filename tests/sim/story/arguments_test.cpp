#include "sim/story/arguments.hpp"
#include "sim/story/soak.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

wishes read(std::vector<std::string_view> words) { return read_arguments(words); }

std::string complaint(std::vector<std::string_view> words) {
  try {
    const wishes w = read(std::move(words));
    if (w.part()) (void)part_of(story_of(w.only, *w.seed), w);
  } catch (const wrong_usage& e) {
    return e.what();
  }
  return "";
}

TEST(sim_arguments, a_printed_part_is_read_back) {
  const wishes w = read({"--seed", "17", "--scenario", "keyed", "--faults", "8,3,3", "--callers",
                         "0,5", "--calls", "4", "--order", "2"});
  ASSERT_TRUE(w.part());
  EXPECT_EQ(w.only->name, "keyed");
  EXPECT_THAT(*w.faults, ElementsAre(3, 8));
  EXPECT_THAT(*w.callers, ElementsAre(0, 5));
  EXPECT_EQ(w.calls, 4U);
  EXPECT_EQ(w.order, 2U);
}

TEST(sim_arguments, a_part_without_faults_is_one_too) {
  const wishes w = read({"--seed", "17", "--faults", "none"});
  EXPECT_TRUE(w.part());
  EXPECT_TRUE(part_of(story_of(w.only, 17), w).kept.empty());
}

TEST(sim_arguments, what_there_is_not_is_named) {
  EXPECT_THAT(complaint({"--sed", "1"}), HasSubstr("there is no option '--sed'"));
  EXPECT_THAT(complaint({"--seeds"}), HasSubstr("--seeds: given ''; takes a number from 1"));
  EXPECT_THAT(complaint({"--seeds", "0"}), HasSubstr("given '0'"));
  EXPECT_THAT(complaint({"--seeds", "10x"}), HasSubstr("given '10x'"));
  EXPECT_THAT(complaint({"--threads", "0"}), HasSubstr("--threads: given '0'"));
  EXPECT_THAT(complaint({"--scenario", "rain"}), HasSubstr("given 'rain'; there are statements, "));
  EXPECT_THAT(complaint({"--seed", "1", "--faults", "3,,8"}), HasSubstr("--faults: given ''"));
  EXPECT_THAT(complaint({"--seed", "1", "--faults", "4000"}),
              HasSubstr("given 4000; this story has"));
  EXPECT_THAT(complaint({"--seed", "1", "--callers", "99"}),
              HasSubstr("given 99; this story has 0 to"));
  EXPECT_THAT(complaint({"--seed", "1", "--callers", "none"}), HasSubstr("takes at least one"));
  EXPECT_THAT(complaint({"--faults", "1"}), HasSubstr("give its --seed"));
  EXPECT_THAT(complaint({"--seed", "1", "--seeds", "2", "--calls", "1"}), HasSubstr("no --seeds"));
}

} // namespace
} // namespace holdfast::sim
