#include "drivers/sqlite/progress.hpp"
#include "drivers/sqlite/types.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace holdfast::drivers::sqlite {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

template <class T>
std::string written(T v) {
  text_buffer buffer;
  const auto text = format(v, buffer);
  return text ? std::string{*text} : "refused";
}

constexpr date day(int y, unsigned m, unsigned d) {
  return sys_days{year{y} / month{m} / std::chrono::day{d}};
}

TEST(sqlite_types, dates_and_times_are_text_that_sorts) {
  EXPECT_EQ(written(day(2026, 11, 21)), "2026-11-21");
  EXPECT_EQ(written(day(0, 1, 1)), "0000-01-01");
  EXPECT_EQ(written(day(9999, 12, 31)), "9999-12-31");
  EXPECT_EQ(written(time_of_day{0us}), "00:00:00.000000");
  EXPECT_EQ(written(time_of_day{24h - 1us}), "23:59:59.999999");
  EXPECT_EQ(written(timestamp{day(2026, 2, 28) + 3h + 4min + 5s + 6us}),
            "2026-02-28 03:04:05.000006");
  EXPECT_EQ(written(timestamp{day(1970, 1, 1) - 1us}), "1969-12-31 23:59:59.999999");
}

TEST(sqlite_types, what_the_text_form_cannot_hold_is_refused) {
  EXPECT_EQ(written(day(10000, 1, 1)), "refused");
  EXPECT_EQ(written(day(-1, 12, 31)), "refused");
  EXPECT_EQ(written(time_of_day{24h}), "refused");
  EXPECT_EQ(written(time_of_day{-1us}), "refused");
  EXPECT_EQ(written(timestamp::max()), "refused");
}

TEST(sqlite_types, refusal_names_the_position) {
  const auto array = refuse(2, value{value_array{}});
  ASSERT_TRUE(array);
  EXPECT_EQ(array->code, errc::parameter_type);
  EXPECT_NE(array->message.find("parameter 2"), std::string::npos);
  EXPECT_TRUE(array->connection_usable);
  const auto nan = refuse(7, value{std::numeric_limits<double>::quiet_NaN()});
  ASSERT_TRUE(nan) << "SQLite would store NULL";
  EXPECT_EQ(nan->code, errc::value_out_of_range);
  EXPECT_NE(nan->message.find("parameter 7"), std::string::npos);
  EXPECT_TRUE(refuse(1, value{day(10000, 1, 1)}));
  EXPECT_FALSE(refuse(1, value{std::numeric_limits<double>::infinity()}));
  EXPECT_FALSE(refuse(1, value{null_t{}}));
  EXPECT_FALSE(refuse(1, value{numeric{"1.5"}}));
}

TEST(sqlite_types, declared_types) {
  EXPECT_EQ(declared_type("BOOLEAN"), value_type::boolean);
  EXPECT_EQ(declared_type("Date"), value_type::date);
  EXPECT_EQ(declared_type("time"), value_type::time);
  EXPECT_EQ(declared_type("TIMESTAMP"), value_type::timestamp);
  EXPECT_EQ(declared_type("datetime"), value_type::timestamp);
  EXPECT_EQ(declared_type("uuid"), value_type::uuid);
  EXPECT_EQ(declared_type("JSON"), value_type::json);
  EXPECT_EQ(declared_type("DECIMAL (10, 2)"), value_type::numeric);
  EXPECT_EQ(declared_type("NUMERIC(5)"), value_type::numeric);
  EXPECT_EQ(declared_type("TEXT"), value_type::null);
  EXPECT_EQ(declared_type(""), value_type::null);
}

TEST(sqlite_poll, delay_grows_from_1_to_25_ms_and_is_spread) {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  for (std::uint32_t attempt = 0; attempt < 64; ++attempt)
    for (const std::uint64_t random : {std::uint64_t{0}, std::uint64_t{12'345'678'901}, most}) {
      EXPECT_GE(poll_delay(attempt, random), duration{1ms});
      EXPECT_LE(poll_delay(attempt, random), duration{25ms});
    }
  EXPECT_LE(poll_delay(0, most), duration{2ms});
  EXPECT_EQ(poll_delay(9, 24'000'000), duration{25ms}) << "the ceiling can be drawn";
  EXPECT_NE(poll_delay(9, 1), poll_delay(9, 2));
}

} // namespace
} // namespace holdfast::drivers::sqlite
