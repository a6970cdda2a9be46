#include "drivers/postgres/parameters.hpp"
#include "drivers/postgres/types.hpp"
#include "unit/drivers_postgres/hex.hpp"

#include <array>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::drivers::postgres {
namespace {

using namespace std::chrono;
using real = std::numeric_limits<double>;
using integer = std::numeric_limits<std::int64_t>;

constexpr Oid int4_array = 1007;
constexpr Oid int8_array = 1016;
constexpr Oid text_array = 1009;
constexpr Oid bytea_array = 1001;
constexpr Oid jsonb_array = 3807;
constexpr Oid numeric_array = 1231;
constexpr Oid an_enum = 70'000;

/// "b: 00 01", "t: digits", "null", or the name of the error.
std::string encoded(const value& v, Oid type) {
  parameter_block block;
  const std::array values{v};
  const std::array types{type};
  if (const auto done = block.encode(values, types); !done) {
    EXPECT_EQ(done.error().when, phase::not_sent);
    EXPECT_TRUE(done.error().connection_usable);
    EXPECT_TRUE(done.error().transaction_usable);
    EXPECT_NE(done.error().message.find("parameter 1"), std::string::npos);
    return std::string{to_string(done.error().code)};
  }
  const char* at = block.values()[0];
  if (!at) return "null";
  const std::string_view bytes{at, static_cast<std::size_t>(block.lengths()[0])};
  if (block.formats()[0] == 1) return "b: " + to_hex(bytes);
  EXPECT_EQ(at[bytes.size()], '\0') << "libpq measures texts itself";
  return "t: " + std::string{bytes};
}

struct parameter_case {
  value given;
  Oid type;
  std::string_view wire;
};

void expect_all(const std::vector<parameter_case>& cases) {
  for (std::size_t i = 0; i < cases.size(); ++i)
    EXPECT_EQ(encoded(cases[i].given, cases[i].type), cases[i].wire)
        << "case " << i << ", " << type_name(cases[i].type);
}

std::int64_t n(std::int64_t number) { return number; }
/// Braces around one array would copy it, with some compilers.
value_array array_of(value_array inner) { return value_array(1, value{std::move(inner)}); }

TEST(postgres_encoding, integers_to_their_limits) {
  expect_all({
      {n(-32'768), oid::int2, "b: 80 00"},
      {n(32'767), oid::int2, "b: 7f ff"},
      {n(32'768), oid::int2, "value_out_of_range"},
      {n(-32'769), oid::int2, "value_out_of_range"},
      {n(-2'147'483'648), oid::int4, "b: 80 00 00 00"},
      {n(2'147'483'647), oid::int4, "b: 7f ff ff ff"},
      {n(2'147'483'648), oid::int4, "value_out_of_range"},
      {n(-1), oid::int8, "b: ff ff ff ff ff ff ff ff"},
      {integer::min(), oid::int8, "b: 80 00 00 00 00 00 00 00"},
      {integer::max(), oid::int8, "b: 7f ff ff ff ff ff ff ff"},
      {n(4'294'967'295), oid::object, "b: ff ff ff ff"},
      {n(-1), oid::object, "value_out_of_range"},
      {n(4'294'967'296), oid::xid, "value_out_of_range"},
      {n(-1), oid::xid8, "value_out_of_range"},
      {integer::min(), oid::numeric, "t: -9223372036854775808"},
      {n(1), oid::text, "parameter_type"},
      {n(1), oid::boolean, "parameter_type"},
      {n(1), oid::date, "parameter_type"},
  });
}

TEST(postgres_encoding, integers_into_reals_only_if_nothing_is_lost) {
  expect_all({
      {n(1) << 53, oid::float8, "b: 43 40 00 00 00 00 00 00"},
      {(n(1) << 53) + 1, oid::float8, "value_out_of_range"},
      {-(n(1) << 53) - 1, oid::float8, "value_out_of_range"},
      {n(1) << 24, oid::float4, "b: 4b 80 00 00"},
      {(n(1) << 24) + 1, oid::float4, "value_out_of_range"},
  });
}

TEST(postgres_encoding, reals_infinite_and_not_a_number) {
  expect_all({
      {1.5, oid::float8, "b: 3f f8 00 00 00 00 00 00"},
      {-0.0, oid::float8, "b: 80 00 00 00 00 00 00 00"},
      {real::infinity(), oid::float8, "b: 7f f0 00 00 00 00 00 00"},
      {-real::infinity(), oid::float8, "b: ff f0 00 00 00 00 00 00"},
      {real::quiet_NaN(), oid::float8, "b: 7f f8 00 00 00 00 00 00"},
      {real::denorm_min(), oid::float8, "b: 00 00 00 00 00 00 00 01"},
      {real::max(), oid::float8, "b: 7f ef ff ff ff ff ff ff"},
      {real::max(), oid::float4, "value_out_of_range"},
      {real::infinity(), oid::float4, "b: 7f 80 00 00"},
      {1.5, oid::float4, "b: 3f c0 00 00"},
      {0.1, oid::numeric, "t: 0.1"},
      {real::quiet_NaN(), oid::numeric, "t: nan"},
      {-real::quiet_NaN(), oid::numeric, "t: nan"},
      {-real::infinity(), oid::numeric, "t: -inf"},
      {1.0, oid::int4, "parameter_type"},
      {1.0, oid::text, "parameter_type"},
  });
}

TEST(postgres_encoding, booleans_null_and_uuid) {
  uuid id;
  ASSERT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", id));
  expect_all({
      {true, oid::boolean, "b: 01"},
      {false, oid::boolean, "b: 00"},
      {true, oid::int4, "parameter_type"},
      {null_t{}, oid::int4, "null"},
      {null_t{}, an_enum, "null"},
      {id, oid::uuid, "b: 55 0e 84 00 e2 9b 41 d4 a7 16 44 66 55 44 00 00"},
      {id, oid::text, "parameter_type"},
  });
}

TEST(postgres_encoding, texts) {
  expect_all({
      {"", oid::text, "b: "},
      {"a", oid::varchar, "b: 61"},
      {"\xF0\x9F\xA6\x80", oid::bpchar, "b: f0 9f a6 80"},
      {std::string("a\0b", 3), oid::text, "invalid_data"},
      {std::string("1\0", 2), oid::int4, "invalid_data"},
      {std::string("x\0", 2), an_enum, "invalid_data"},
      // In the server's text form into whatever else.
      {"glad", an_enum, "t: glad"},
      {" +42\n", oid::int4, "t:  +42\n"},
      {"2147483648", oid::int4, "value_out_of_range"},
      {"99999999999999999999", oid::int8, "value_out_of_range"},
      {"-32769", oid::int2, "value_out_of_range"},
      {"+-1", oid::int4, "parameter_type"},
      {"one", oid::int4, "parameter_type"},
      {"", oid::int4, "parameter_type"},
      {"1.5", oid::int4, "parameter_type"},
      {"{550e8400-e29b-41d4-a716-446655440000}", oid::uuid,
       "t: {550e8400-e29b-41d4-a716-446655440000}"},
      {"550e8400e29b41d4a716446655440000", oid::uuid, "t: 550e8400e29b41d4a716446655440000"},
      {"550e8400", oid::uuid, "parameter_type"},
      {"infinity", oid::date, "t: infinity"},
      {"{1,2}", int4_array, "t: {1,2}"},
  });
}

TEST(postgres_encoding, bytes_may_be_anything) {
  expect_all({
      {bytes{}, oid::bytea, "b: "},
      {bytes{std::byte{0}, std::byte{255}, std::byte{0}}, oid::bytea, "b: 00 ff 00"},
      {bytes{std::byte{'a'}}, oid::text, "parameter_type"},
  });
}

TEST(postgres_encoding, json) {
  expect_all({
      {json_text{"{}"}, oid::jsonb, "t: {}"},
      {json_text{"{}"}, oid::json, "t: {}"},
      {json_text{"{}"}, oid::text, "b: 7b 7d"},
      {json_text{std::string("\"\0\"", 3)}, oid::jsonb, "invalid_data"},
      {json_text{"{}"}, oid::bytea, "parameter_type"},
  });
}

TEST(postgres_encoding, numerics_are_digits) {
  for (const auto* good : {"0", "-1.50", "+7", ".5", "5.", "1e10", "1E-5", "NaN", "Infinity",
                           "-Infinity", "12345678901234567890123456789.000"})
    EXPECT_EQ(encoded(numeric{good}, oid::numeric), std::string{"t: "} + good);
  for (const auto* bad : {"", "-", ".", "1e", "1e+", "1,5", "0x10", "nan ", "1 ", "--1", "-NaN",
                          "e5", "1.2.3", "one"})
    EXPECT_EQ(encoded(numeric{bad}, oid::numeric), "parameter_type") << bad;
  EXPECT_EQ(encoded(numeric{std::string("1\0", 2)}, oid::numeric), "parameter_type");
  EXPECT_EQ(encoded(numeric{"1"}, oid::float8), "parameter_type");
}

TEST(postgres_encoding, dates_to_the_servers_ends) {
  const auto day = [](std::int64_t since_2000) {
    return date{days{static_cast<int>(since_2000 + days_to_2000)}};
  };
  expect_all({
      {date{year{2000} / 1 / 1}, oid::date, "b: 00 00 00 00"},
      {date{year{1999} / 12 / 31}, oid::date, "b: ff ff ff ff"},
      {date{year{-4713} / 11 / 24}, oid::date, "b: ff da 97 a7"}, // the first
      {date{year{-4713} / 11 / 23}, oid::date, "value_out_of_range"},
      {day(end_of_days - 1), oid::date, "b: 7f da 97 0c"}, // 5874897-12-31
      {day(end_of_days), oid::date, "value_out_of_range"},
      {date{days{std::numeric_limits<int>::max()}}, oid::date, "value_out_of_range"},
      {date{days{std::numeric_limits<int>::min()}}, oid::date, "value_out_of_range"},
      {date{year{2000} / 1 / 1}, oid::timestamp, "parameter_type"},
  });
}

TEST(postgres_encoding, times_and_timestamps_to_the_servers_ends) {
  const timestamp first{date{year{-4713} / 11 / 24}};
  expect_all({
      {time_of_day{0us}, oid::time, "b: 00 00 00 00 00 00 00 00"},
      {time_of_day{24h}, oid::time, "b: 00 00 00 14 1d d7 60 00"}, // the server has a 24:00
      {time_of_day{24h + 1us}, oid::time, "value_out_of_range"},
      {time_of_day{-1us}, oid::time, "value_out_of_range"},
      {timestamp{date{year{2000} / 1 / 1}}, oid::timestamp, "b: 00 00 00 00 00 00 00 00"},
      {timestamp{microseconds{0}}, oid::timestamptz, "b: ff fc a2 fe c4 c8 20 00"},
      {first, oid::timestamp, "b: fd 0f 7c c1 41 1f a0 00"},
      {first - 1us, oid::timestamp, "value_out_of_range"},
      {timestamp::min(), oid::timestamptz, "value_out_of_range"},
      {timestamp::max(), oid::timestamptz, "b: 7f fc a2 fe c4 c8 1f ff"},
      {timestamp{}, oid::date, "parameter_type"},
  });
}

TEST(postgres_encoding, arrays) {
  const value_array inner{n(1), n(2)};
  expect_all({
      {value_array{}, int4_array, "b: 00 00 00 00 00 00 00 00 00 00 00 17"},
      {value_array{n(7), null_t{}}, int4_array,
       "b: 00 00 00 01 00 00 00 01 00 00 00 17 00 00 00 02 00 00 00 01 "
       "00 00 00 04 00 00 00 07 ff ff ff ff"},
      {value_array{value_array{n(1)}, value_array{null_t{}}}, int4_array,
       "b: 00 00 00 02 00 00 00 01 00 00 00 17 00 00 00 02 00 00 00 01 00 00 00 01 00 00 00 01 "
       "00 00 00 04 00 00 00 01 ff ff ff ff"},
      {value_array{bytes{std::byte{0}}}, bytea_array,
       "b: 00 00 00 01 00 00 00 00 00 00 00 11 00 00 00 01 00 00 00 01 00 00 00 01 00"},
      // No binary form of an element: a literal.
      {value_array{json_text{"{\"a\": \"\\\\\"}"}, null_t{}}, jsonb_array,
       "t: {\"{\\\"a\\\": \\\"\\\\\\\\\\\"}\",NULL}"},
      {value_array{n(1), numeric{"1.10"}}, numeric_array, "t: {\"1\",\"1.10\"}"},
      {value_array{value_array{"a,b"}, value_array{"NULL"}}, an_enum, "t: {{\"a,b\"},{\"NULL\"}}"},
      {value_array{}, an_enum, "t: {}"},
      {value_array{n(1)}, an_enum, "parameter_type"},
      // Not rectangular, or too deep.
      {value_array{inner, value_array{n(1)}}, int4_array, "parameter_type"},
      {value_array{inner, n(1)}, int4_array, "parameter_type"},
      {value_array{n(1), inner}, int4_array, "parameter_type"},
      {value_array{inner, null_t{}}, int4_array, "parameter_type"},
      {array_of(value_array{}), int4_array, "parameter_type"},
      {array_of(array_of(array_of(array_of(array_of(array_of(value_array{n(1)})))))), int4_array,
       "parameter_type"},
      // An element's own fault.
      {value_array{n(2'147'483'648)}, int4_array, "value_out_of_range"},
      {value_array{"x"}, int4_array, "parameter_type"},
      {value_array{true}, int8_array, "parameter_type"},
      {value_array{std::string("\0", 1)}, text_array, "invalid_data"},
      {value_array{n(1)}, oid::int4, "parameter_type"},
  });
}

TEST(postgres_encoding, several_parameters_share_one_buffer) {
  parameter_block block;
  const std::vector<value> values{n(1),          "text", null_t{}, numeric{"2.5"},
                                  value_array{}, n(9),   bytes{}};
  const std::vector<Oid> types{oid::int4,  oid::text, oid::int8, oid::numeric,
                               int4_array, oid::int8, oid::bytea};
  const char* first_time = nullptr;
  for (int again = 0; again < 3; ++again) {
    ASSERT_TRUE(block.encode(values, types));
    if (again == 1) first_time = block.values()[0];
    EXPECT_TRUE(again < 2 || block.values()[0] == first_time) << "the buffer grew";
    ASSERT_EQ(block.count(), 7);
    const auto at = [&block](int i) {
      return std::string_view{block.values()[i], static_cast<std::size_t>(block.lengths()[i])};
    };
    EXPECT_EQ(to_hex(at(0)), "00 00 00 01");
    EXPECT_EQ(at(1), "text");
    EXPECT_EQ(block.values()[2], nullptr);
    EXPECT_EQ(at(3), "2.5");
    EXPECT_EQ(at(4).size(), 12U);
    EXPECT_EQ(to_hex(at(5)), "00 00 00 00 00 00 00 09");
    EXPECT_NE(block.values()[6], nullptr) << "empty is not NULL";
  }
}

TEST(postgres_encoding, refusals_name_position_and_both_types) {
  parameter_block block;
  const std::vector<value> values{n(1), true};
  const std::vector<Oid> types{oid::int4, oid::timestamptz};
  auto done = block.encode(values, types);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "parameter 2 is boolean, but the statement takes timestamptz "
                                  "there: convert the value or write a cast");
  const std::vector<Oid> small{oid::int4, 70'000};
  done = block.encode(values, small);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("oid 70000"), std::string::npos) << done.error().message;
  done = block.encode(values, std::span{types}.first(1));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, errc::parameter_count);
  EXPECT_EQ(done.error().message, "the statement takes 1 parameters, 2 were given");
  const std::vector<value> secret{"canary-7f3a91"};
  done = block.encode(secret, std::span{small}.first(1));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message.find("canary"), std::string::npos) << "values are user data";
}

} // namespace
} // namespace holdfast::drivers::postgres
