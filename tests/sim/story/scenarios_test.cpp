// Every scenario keeps its promises, tries what it says, and is the same each time.
#include "sim/story/scenarios.hpp"
#include "sim/story/soak.hpp"

#include <gtest/gtest.h>
#include <set>

namespace holdfast::sim {
namespace {

constexpr std::uint64_t seeds = 25;

class scenarios_played : public ::testing::TestWithParam<std::size_t> {
protected:
  const scenario& of = scenarios()[GetParam()];
};

TEST_P(scenarios_played, each_kind_of_fault_strikes_and_much_succeeds) {
  std::set<fault_kind> struck;
  std::uint64_t acknowledged = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const plan p = expand(of, seed);
    const ending end = of.play(p);
    ASSERT_EQ(end.broken, "") << "seed " << seed;
    for (const std::uint32_t number : end.struck) struck.insert(p.faults[number].kind);
    acknowledged += end.acknowledged;
  }
  for (const fault_share& share : of.faults)
    EXPECT_TRUE(struck.contains(share.kind)) << row_of(share.kind).name << " never struck";
  EXPECT_GT(acknowledged, seeds * of.callers * of.calls / 3) << "nothing much was done";
}

TEST_P(scenarios_played, the_same_seed_is_the_same_story_to_the_last_step) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const plan p = expand(of, seed);
    const ending first = of.play(p);
    const ending second = of.play(p);
    EXPECT_EQ(first.trace, second.trace) << "seed " << seed;
    EXPECT_EQ(first.steps, second.steps);
    plan other = p;
    other.order = 1;
    EXPECT_NE(of.play(other).trace, first.trace);
  }
}

TEST(scenarios, breakers_open_and_writes_stay_in_doubt_in_some_of_them) {
  std::uint64_t times_open = 0;
  std::uint64_t unsure = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const plan p = expand(*find_scenario("statements"), seed);
    const ending end = p.of->play(p);
    times_open += end.times_open;
    unsure += end.unsure;
  }
  EXPECT_GT(times_open, 0U);
  EXPECT_GT(unsure, seeds / 2);
}

INSTANTIATE_TEST_SUITE_P(all, scenarios_played,
                         ::testing::Range(std::size_t{0}, scenarios().size()),
                         [](const auto& one) { return std::string{scenarios()[one.param].name}; });

} // namespace
} // namespace holdfast::sim
