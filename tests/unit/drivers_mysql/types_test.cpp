#include "drivers/mysql/types.hpp"

#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <string>

namespace holdfast::drivers::mysql {
namespace {

using namespace std::chrono_literals;

MYSQL_FIELD field(enum_field_types type, unsigned charset = 45, unsigned flags = 0) {
  MYSQL_FIELD f{};
  static char name[] = "c";
  f.name = name;
  f.name_length = 1;
  f.type = type;
  f.charsetnr = charset;
  f.flags = flags;
  return f;
}

TEST(mysql_types, columns_have_the_type_that_their_values_come_in) {
  EXPECT_EQ(describe(field(MYSQL_TYPE_LONG)).type, value_type::integer);
  EXPECT_EQ(describe(field(MYSQL_TYPE_LONG)).native_type, "int");
  EXPECT_EQ(describe(field(MYSQL_TYPE_LONGLONG, 63, UNSIGNED_FLAG)).native_type, "bigint unsigned");
  EXPECT_EQ(describe(field(MYSQL_TYPE_NEWDECIMAL, 63, UNSIGNED_FLAG)).native_type, "decimal");
  EXPECT_EQ(describe(field(MYSQL_TYPE_DATETIME, 63)).type, value_type::timestamp);
  EXPECT_EQ(describe(field(MYSQL_TYPE_VAR_STRING, 63)).type, value_type::bytes);
  EXPECT_EQ(describe(field(MYSQL_TYPE_VAR_STRING)).type, value_type::text);
  EXPECT_EQ(describe(field(MYSQL_TYPE_BLOB)).type, value_type::text);
  EXPECT_EQ(describe(field(MYSQL_TYPE_BLOB, 63)).type, value_type::bytes);
  EXPECT_EQ(describe(field(MYSQL_TYPE_JSON)).type, value_type::json);
  EXPECT_EQ(describe(field(MYSQL_TYPE_VAR_STRING)).name, "c");
}

// MySQL 9's VECTOR is 242; 17 to 20 never leave a server that keeps the protocol.
TEST(mysql_types, columns_that_the_library_cannot_fetch_are_named) {
  std::string name = "embedding";
  std::array<MYSQL_FIELD, 2> fields{};
  fields[1].name = name.data();
  fields[1].name_length = static_cast<unsigned>(name.size());
  for (const int type : {17, 18, 19, 20, 100, 242, 244}) {
    fields[1].type = static_cast<enum_field_types>(type);
    const auto said = strange_column(fields);
    EXPECT_NE(said.find("\"embedding\" is of type number " + std::to_string(type)),
              std::string::npos)
        << said;
  }
  for (const int type : {0, 6, 15, 16, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255}) {
    fields[1].type = static_cast<enum_field_types>(type);
    EXPECT_EQ(strange_column(fields), "");
  }
}

TEST(mysql_types, dates_go_there_and_back_between_the_years_0_and_9999) {
  for (const auto day :
       {date{std::chrono::year{0} / 1 / 1}, date{std::chrono::year{1970} / 1 / 1},
        date{std::chrono::year{2024} / 2 / 29}, date{std::chrono::year{9999} / 12 / 31}}) {
    MYSQL_TIME t;
    date back;
    ASSERT_TRUE(to_time(day, t));
    ASSERT_TRUE(from_time(t, back));
    EXPECT_EQ(back, day);
  }
  MYSQL_TIME t;
  EXPECT_FALSE(to_time(date{std::chrono::year{10000} / 1 / 1}, t));
  EXPECT_FALSE(to_time(date{std::chrono::year{-1} / 12 / 31}, t));
}

TEST(mysql_types, moments_before_1970_have_their_fraction_forwards) {
  const timestamp v = timestamp{date{std::chrono::year{1969} / 12 / 31}} + 23h + 59min + 59s +
                      std::chrono::microseconds{999'999};
  MYSQL_TIME t;
  timestamp back;
  ASSERT_TRUE(to_time(v, t));
  EXPECT_EQ(t.second_part, 999'999U);
  EXPECT_EQ(t.hour, 23U);
  ASSERT_TRUE(from_time(t, back));
  EXPECT_EQ(back, v);
}

TEST(mysql_types, what_no_calendar_has_is_refused) {
  date d;
  timestamp ts;
  EXPECT_FALSE(from_time(MYSQL_TIME{}, d)); // the zero date
  MYSQL_TIME t{};
  t.year = 2026;
  t.month = 2;
  t.day = 30;
  EXPECT_FALSE(from_time(t, d));
  t.day = 0;
  EXPECT_FALSE(from_time(t, ts));
}

TEST(mysql_types, times_of_day_are_within_a_day) {
  time_of_day v;
  MYSQL_TIME t{};
  t.hour = 23;
  t.second_part = 5;
  ASSERT_TRUE(from_time(t, v));
  EXPECT_EQ(v.since_midnight, 23h + std::chrono::microseconds{5});
  t.neg = 1;
  EXPECT_FALSE(from_time(t, v));
  t.neg = 0;
  t.hour = 25;
  EXPECT_FALSE(from_time(t, v));
  t.hour = 1;
  t.day = 2; // "49:00:00", as the protocol has it
  EXPECT_FALSE(from_time(t, v));
  EXPECT_FALSE(to_time(time_of_day{-1us}, t));
  EXPECT_FALSE(to_time(time_of_day{25h}, t));
}

TEST(mysql_types, a_uuid_is_written_in_its_usual_form) {
  uuid id;
  ASSERT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", id));
  std::string text(uuid_text_size, '?');
  write_uuid(id, text.data());
  EXPECT_EQ(text, to_string(id));
}

} // namespace
} // namespace holdfast::drivers::mysql
