#include <holdfast/parameter.hpp>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

TEST(parameter, integers_of_all_widths) {
  EXPECT_EQ(to_parameter(std::int8_t{-1}), value{std::int64_t{-1}});
  EXPECT_EQ(to_parameter(4294967295U), value{std::int64_t{4294967295}});
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(to_parameter(static_cast<std::uint64_t>(largest)), value{largest});
  // One more does not turn negative: it goes as digits.
  EXPECT_EQ(to_parameter(static_cast<std::uint64_t>(largest) + 1),
            value{numeric{"9223372036854775808"}});
}

TEST(parameter, a_bool_is_no_number_and_a_literal_no_bool) {
  EXPECT_EQ(to_parameter(true).type(), value_type::boolean);
  EXPECT_EQ(to_parameter("yes"), value{std::string{"yes"}});
  EXPECT_EQ(to_parameter(std::string_view{"a\0b", 3}), value{std::string("a\0b", 3)});
  EXPECT_EQ(to_parameter(1.5F), value{1.5});
}

TEST(parameter, null_has_three_spellings) {
  EXPECT_EQ(to_parameter(nullptr).type(), value_type::null);
  EXPECT_EQ(to_parameter(std::nullopt).type(), value_type::null);
  EXPECT_EQ(to_parameter(std::optional<int>{}).type(), value_type::null);
  EXPECT_EQ(to_parameter(std::optional<int>{3}), value{std::int64_t{3}});
}

TEST(parameter, moments_are_rounded_down_also_before_1970) {
  const std::chrono::sys_time<std::chrono::nanoseconds> after{1999ns};
  EXPECT_EQ(to_parameter(after), value{timestamp{1us}});
  const std::chrono::sys_time<std::chrono::nanoseconds> before{-1ns};
  EXPECT_EQ(to_parameter(before), value{timestamp{-1us}});
  EXPECT_EQ(to_parameter(date{std::chrono::days{1}}).type(), value_type::date);
}

TEST(parameter, vectors_are_arrays_but_bytes_are_bytes) {
  EXPECT_EQ(to_parameter(std::vector<int>{1, 2}),
            (value{value_array{std::int64_t{1}, std::int64_t{2}}}));
  EXPECT_EQ(to_parameter(bytes{std::byte{7}}), value{bytes{std::byte{7}}});
  EXPECT_EQ(to_parameter(boost::json::value{{"a", 1}}), value{json_text{R"({"a":1})"}});
}

TEST(parameter, a_call_keeps_their_order) {
  const auto all = to_parameters(1, "a", nullptr);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].type(), value_type::integer);
  EXPECT_EQ(all[1].type(), value_type::text);
  EXPECT_EQ(all[2].type(), value_type::null);
  EXPECT_TRUE(to_parameters().empty());
}

} // namespace
} // namespace holdfast
