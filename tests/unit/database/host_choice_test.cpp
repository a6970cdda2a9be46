// Which host takes writes, and what a replica can prove.
#include "database/host_choice.hpp"

#include <gtest/gtest.h>

namespace holdfast::detail {
namespace {

using namespace std::chrono_literals;
using enum host_role;

const time_point start{1h};

host_view view(host_role role, std::uint64_t history, bool up = true) {
  return {.up = up, .role = role, .history = history};
}

std::size_t chosen(std::vector<host_view> hosts, std::size_t present = nobody,
                   std::uint64_t newest = 0) {
  return choose_writer(hosts, present, newest);
}

TEST(choose_writer, takes_the_primary_that_is_up) {
  EXPECT_EQ(chosen({view(replica, 1), view(primary, 1)}), 1U);
  EXPECT_EQ(chosen({view(primary, 1, false), view(replica, 1)}), nobody);
  EXPECT_EQ(chosen({view(unknown, 1), view(read_only, 1)}), nobody);
  EXPECT_EQ(chosen({}), nobody);
}

TEST(choose_writer, of_two_primaries_the_newer_history_counts_wherever_it_stands) {
  EXPECT_EQ(chosen({view(primary, 1), view(primary, 2)}, 0), 1U);
  EXPECT_EQ(chosen({view(primary, 3), view(primary, 2)}, 1), 0U);
}

TEST(choose_writer, of_equals_the_present_one_stays_else_the_first) {
  EXPECT_EQ(chosen({view(primary, 1), view(primary, 1)}, 1), 1U);
  EXPECT_EQ(chosen({view(primary, 1), view(primary, 1)}), 0U);
}

TEST(choose_writer, a_history_that_was_superseded_is_not_gone_back_to) {
  EXPECT_EQ(chosen({view(primary, 1), view(primary, 2, false)}, 1, 2), nobody);
  EXPECT_EQ(chosen({view(primary, 1), view(primary, 2, false)}, 1, 0), 0U) << "after a reset";
}

TEST(log_marks, a_replica_shows_what_was_committed_when_the_log_stood_there) {
  log_marks marks;
  EXPECT_EQ(marks.shown_at(1, 100), std::nullopt);
  marks.note(1, 100, start);
  marks.note(1, 200, start + 1s);
  EXPECT_EQ(marks.shown_at(1, 99), std::nullopt);
  EXPECT_EQ(marks.shown_at(1, 100), start);
  EXPECT_EQ(marks.shown_at(1, 199), start);
  EXPECT_EQ(marks.shown_at(1, 200), start + 1s);
  EXPECT_EQ(marks.shown_at(1, 1000), start + 1s) << "it streams on since we asked";
}

TEST(log_marks, while_nothing_is_written_the_same_place_stands_for_later_moments) {
  log_marks marks;
  for (int i = 0; i < 1000; ++i) marks.note(1, 100, start + i * 1s);
  EXPECT_EQ(marks.shown_at(1, 100), start + 999s);
}

TEST(log_marks, another_history_proves_nothing) {
  log_marks marks;
  marks.note(1, 100, start);
  EXPECT_EQ(marks.shown_at(2, 500), std::nullopt);
  EXPECT_EQ(marks.shown_at(0, 500), std::nullopt) << "not known is no history";
  marks.note(2, 150, start + 1s);
  EXPECT_EQ(marks.shown_at(1, 500), std::nullopt) << "who stayed behind on the old one is further";
  EXPECT_EQ(marks.shown_at(2, 150), start + 1s);
}

TEST(log_marks, many_marks_are_thinned_out_and_never_say_too_much) {
  log_marks marks;
  for (int i = 0; i < 10'000; ++i) marks.note(1, 10U * static_cast<unsigned>(i), start + i * 1s);
  for (unsigned at = 0; at < 100'000; at += 777) {
    const auto shown = marks.shown_at(1, at);
    ASSERT_TRUE(shown);
    EXPECT_LE(*shown, start + (at / 10) * 1s);
  }
  EXPECT_EQ(marks.shown_at(1, 99'990), start + 9'999s);
}

TEST(shows_enough, only_a_replica_that_is_up_and_can_prove_it) {
  host_view v = view(replica, 1);
  EXPECT_FALSE(shows_enough(v, start, 5s)) << "nothing was proved";
  EXPECT_TRUE(shows_enough(v, start, std::nullopt)) << "however far behind";
  v.shows = start - 5s;
  EXPECT_TRUE(shows_enough(v, start, 5s));
  EXPECT_FALSE(shows_enough(v, start + 1ns, 5s));
  v.up = false;
  EXPECT_FALSE(shows_enough(v, start, 5s));
  EXPECT_FALSE(shows_enough(view(read_only, 1), start, std::nullopt));
  EXPECT_FALSE(shows_enough(view(primary, 1), start, std::nullopt));
}

} // namespace
} // namespace holdfast::detail
