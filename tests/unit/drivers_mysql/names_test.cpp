// Names of sessions and of transactions in the log.
#include "drivers/mysql/gtid.hpp"
#include "drivers/mysql/session_name.hpp"

#include <gtest/gtest.h>

namespace holdfast::drivers::mysql {
namespace {

TEST(mysql_session_name, is_read_as_it_was_written) {
  const session_name n{{7, 1'763'000'000}, 18'446'744'073'709'551'615U};
  const auto text = to_string(n);
  EXPECT_EQ(text, "my1.7.1763000000.18446744073709551615");
  const auto back = parse_session_name(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_string(*back), text);
}

TEST(mysql_session_name, nothing_else_is_taken_for_one) {
  for (const auto* text : {"", "my1.", "my1.1.2", "my1.1.2.", "my1.1.2.x", "my1.1.2.3.4",
                           "hf1.1.2.3", "my1.1.2.3 ", "my1.-1.2.3", "my1.1.2.18446744073709551616"})
    EXPECT_FALSE(parse_session_name(text)) << text;
}

TEST(mysql_incarnation, is_the_same_within_a_second_on_one_server) {
  const incarnation one{1, 1000};
  EXPECT_TRUE(one.same_as({1, 1001}));
  EXPECT_TRUE(one.same_as({1, 999}));
  EXPECT_FALSE(one.same_as({1, 1002}));
  EXPECT_FALSE(one.same_as({2, 1000}));
}

TEST(mysql_gtid, mariadbs_positions_add_up_over_domains) {
  EXPECT_EQ(position_of_list(""), 0U);
  EXPECT_EQ(position_of_list("0-1-25"), 25U);
  EXPECT_EQ(position_of_list("0-1-25,7-2-3"), 28U);
  EXPECT_EQ(position_of_list("0-1-"), 0U);
  EXPECT_EQ(position_of_list("nonsense"), 0U);
}

TEST(mysql_gtid, mysqls_sets_are_counted) {
  EXPECT_EQ(position_of_set(""), 0U);
  EXPECT_EQ(position_of_set("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"), 5U);
  EXPECT_EQ(position_of_set("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:11,\n"
                            "2c256447-71ca-11e1-9e33-c80aa9429562:3-4"),
            8U);
  EXPECT_EQ(position_of_set("u:5-1"), 0U);
}

} // namespace
} // namespace holdfast::drivers::mysql
