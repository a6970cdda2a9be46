#include <holdfast/value.hpp>

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace holdfast {
namespace {

TEST(Value, EveryTypeHasItsName) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(value_type::array); ++i)
    names.insert(to_string(static_cast<value_type>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(value_type::array) + 1);
  EXPECT_EQ(to_string(value_type::null), "null");
  EXPECT_EQ(to_string(value_type::timestamp), "timestamp");
  EXPECT_EQ(to_string(value_type::json), "json");
}

TEST(Value, TypeFollowsTheAlternative) {
  EXPECT_EQ(value{null_t{}}.type(), value_type::null);
  EXPECT_EQ(value{std::int64_t{1}}.type(), value_type::integer);
  EXPECT_EQ(value{uuid{}}.type(), value_type::uuid);
  EXPECT_EQ(value{json_text{"{}"}}.type(), value_type::json);
  EXPECT_EQ(value{value_array{}}.type(), value_type::array);
}

TEST(Uuid, ReadsWhatItShows) {
  uuid id;
  ASSERT_TRUE(parse("550e8400-E29B-41d4-a716-446655440000", id));
  EXPECT_EQ(to_string(id), "550e8400-e29b-41d4-a716-446655440000");
  EXPECT_EQ(to_string(uuid{}), "00000000-0000-0000-0000-000000000000");
}

TEST(Uuid, RefusesOtherFormsAndKeepsWhatWasThere) {
  uuid id;
  ASSERT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", id));
  const uuid before = id;
  for (const auto* bad :
       {"", "550e8400e29b41d4a716446655440000", "{550e8400-e29b-41d4-a716-446655440000}",
        "550e8400-e29b-41d4-a716-44665544000", "550e8400-e29b-41d4-a716-4466554400000",
        "550e8400-e29b-41d4-a716-44665544000g", "550e8400xe29b-41d4-a716-446655440000",
        "550e840-0e29b-41d4-a716-446655440000"})
    EXPECT_FALSE(parse(bad, id)) << bad;
  EXPECT_EQ(id, before);
}

} // namespace
} // namespace holdfast
