#include "drivers/postgres/text_values.hpp"
#include "drivers/postgres/types.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::drivers::postgres {
namespace {

using namespace std::chrono;
using integer = std::numeric_limits<std::int64_t>;
using real = std::numeric_limits<double>;

constexpr Oid int4_array = 1007;
constexpr Oid text_array = 1009;

std::int64_t n(std::int64_t number) { return number; }
/// Braces around one array would copy it, with some compilers.
value_array array_of(value_array inner) { return value_array(1, value{std::move(inner)}); }

struct text_case {
  std::string_view text;
  Oid type;
  std::optional<value> want;
};

void expect_all(const std::vector<text_case>& cases) {
  for (const auto& k : cases) {
    value out;
    const bool read = decode_text(k.text, k.type, out);
    EXPECT_EQ(read ? std::optional{out} : std::nullopt, k.want)
        << type_name(k.type) << " " << k.text;
  }
}

TEST(postgres_text_values, numbers_and_booleans) {
  expect_all({
      {"-9223372036854775808", oid::int8, integer::min()},
      {"9223372036854775807", oid::int8, integer::max()},
      {"9223372036854775808", oid::int8, std::nullopt},
      {"1x", oid::int4, std::nullopt},
      {"", oid::int4, std::nullopt},
      {"0.1", oid::float8, 0.1},
      {"1e308", oid::float8, 1e308},
      {"Infinity", oid::float8, real::infinity()},
      {"-Infinity", oid::float4, -real::infinity()},
      {"1.5 ", oid::float8, std::nullopt},
      {"t", oid::boolean, true},
      {"f", oid::boolean, false},
      {"true", oid::boolean, std::nullopt},
      {"-1.500", oid::numeric, numeric{"-1.500"}},
      {"NaN", oid::numeric, numeric{"NaN"}},
  });
  value out;
  ASSERT_TRUE(decode_text("NaN", oid::float8, out));
  EXPECT_TRUE(std::isnan(std::get<double>(out)));
}

TEST(postgres_text_values, bytes_uuid_json_and_what_is_not_listed) {
  uuid id;
  ASSERT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", id));
  expect_all({
      {"\\x", oid::bytea, bytes{}},
      {"\\x00ffA0", oid::bytea, bytes{std::byte{0}, std::byte{255}, std::byte{0xA0}}},
      {"\\x0", oid::bytea, std::nullopt},
      {"\\xzz", oid::bytea, std::nullopt},
      {"\\000", oid::bytea, std::nullopt}, // the escape style, which we switch off
      {"", oid::bytea, std::nullopt},
      {"550e8400-e29b-41d4-a716-446655440000", oid::uuid, id},
      {"550e8400", oid::uuid, std::nullopt},
      {"{\"a\": 1}", oid::jsonb, json_text{"{\"a\": 1}"}},
      {"1 day", 1186, "1 day"},
      {"glad", 70'000, "glad"},
      {"", oid::text, ""},
  });
}

TEST(postgres_text_values, dates_before_christ_and_beyond_the_calendar) {
  expect_all({
      {"2024-02-29", oid::date, date{year{2024} / 2 / 29}},
      {"0001-01-01", oid::date, date{year{1} / 1 / 1}},
      {"0001-12-31 BC", oid::date, date{year{0} / 12 / 31}},
      {"4714-11-24 BC", oid::date, date{year{-4713} / 11 / 24}},
      {"5874897-12-31", oid::date, date{days{2'145'031'948 + days_to_2000}}},
      {"infinity", oid::date, std::nullopt},
      {"-infinity", oid::date, std::nullopt},
      {"99999999-01-01", oid::date, std::nullopt},
      {"2024-02", oid::date, std::nullopt},
      {"2024-02-29x", oid::date, std::nullopt},
      {"2024--2-29", oid::date, std::nullopt},
      {"29.02.2024", oid::date, std::nullopt}, // DateStyle German
      {"", oid::date, std::nullopt},
  });
}

TEST(postgres_text_values, times_and_timestamps) {
  const timestamp noon{date{year{2024} / 2 / 29} + 12h};
  expect_all({
      {"00:00:00", oid::time, time_of_day{0us}},
      {"23:59:59.999999", oid::time, time_of_day{24h - 1us}},
      {"24:00:00", oid::time, time_of_day{24h}},
      {"12:00:00.5", oid::time, time_of_day{12h + 500ms}},
      {"12:00", oid::time, std::nullopt},
      {"2024-02-29 12:00:00", oid::timestamp, noon},
      {"2024-02-29 12:00:00.000001", oid::timestamp, noon + 1us},
      {"2024-02-29 14:00:00+02", oid::timestamptz, noon},
      {"2024-02-29 08:30:00-03:30", oid::timestamptz, noon},
      {"2024-02-29 17:53:28+05:53:28", oid::timestamptz, noon},
      {"4714-11-24 00:00:00 BC", oid::timestamp, timestamp{date{year{-4713} / 11 / 24}}},
      {"4714-11-24 00:00:00+00 BC", oid::timestamptz, timestamp{date{year{-4713} / 11 / 24}}},
      {"1969-12-31 23:59:59.999999", oid::timestamp, timestamp{microseconds{-1}}},
      {"294276-12-31 23:59:59.999999", oid::timestamp, std::nullopt}, // ends later than ours
      {"infinity", oid::timestamp, std::nullopt},
      {"-infinity", oid::timestamptz, std::nullopt},
      {"2024-02-29", oid::timestamp, std::nullopt},
      {"2024-02-29T12:00:00", oid::timestamp, std::nullopt},
  });
}

TEST(postgres_text_values, array_literals) {
  expect_all({
      {"{}", int4_array, value_array{}},
      {"{1,NULL,-3}", int4_array, value_array{n(1), null_t{}, n(-3)}},
      {"{{1,2},{3,4}}", int4_array, value_array{value_array{n(1), n(2)}, value_array{n(3), n(4)}}},
      {"[0:1]={1,2}", int4_array, value_array{n(1), n(2)}},
      {"[1:1][2:2]={{7}}", int4_array, array_of(value_array{n(7)})},
      {R"({"",a,"a,b","q\"\\","NULL",NULL,"{x}"})", text_array,
       value_array{"", "a", "a,b", "q\"\\", "NULL", null_t{}, "{x}"}},
      {"{{{{{{1}}}}}}", int4_array,
       array_of(array_of(array_of(array_of(array_of(value_array{n(1)})))))},
  });
}

TEST(postgres_text_values, malformed_array_literals) {
  for (const std::string_view bad : {"", "{", "}", "{1", "{1,", "{1}x", "1", "[0:1]", "{{1}", "{x}",
                                     "{1,,2}", "{{{{{{{1}}}}}}}", "{\"1}", "[=", "{\"1\\"}) {
    value out;
    EXPECT_FALSE(decode_text(bad, int4_array, out)) << bad;
  }
  std::string deep(100'000, '{');
  value out;
  EXPECT_FALSE(decode_text(deep, int4_array, out));
}

TEST(postgres_text_values, what_no_server_writes) {
  const std::vector<std::pair<std::string_view, Oid>> all{
      {"32768", oid::int2},
      {"2147483648", oid::int4},
      {"-1", oid::object},
      {"-1", oid::xid8},
      {"1e39", oid::float4},
      {"1.2.3", oid::numeric},
      {"2024-13-01", oid::date},
      {"2024-00-01", oid::date},
      {"2024-01-32", oid::date},
      {"2024-2147483647-01", oid::date},
      {"24:00:01", oid::time},
      {"10:60:00", oid::time},
      {"5000000-01-01 BC", oid::date},
      {"2024-01-01 00:00:00+2000000", oid::timestamptz}};
  for (const auto& [text, type] : all) {
    value out;
    EXPECT_FALSE(decode_text(text, type, out)) << text;
  }
  value out;
  EXPECT_TRUE(decode_text("24:00:00", oid::time, out));
  EXPECT_FALSE(decode_text("{{1},{2,3}}", int4_array, out));
}

} // namespace
} // namespace holdfast::drivers::postgres
