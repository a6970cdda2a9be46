#include "drivers/postgres/array_decoding.hpp"
#include "drivers/postgres/numeric_digits.hpp"
#include "drivers/postgres/rows.hpp"
#include "drivers/postgres/types.hpp"
#include "unit/drivers_postgres/hex.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::drivers::postgres {
namespace {

using namespace std::chrono;
using integer = std::numeric_limits<std::int64_t>;
using real = std::numeric_limits<double>;

std::int64_t n(std::int64_t number) { return number; }

std::optional<value> decoded(std::string_view hex, Oid type) {
  value out;
  return decode_binary(from_hex(hex), type, out) ? std::optional{out} : std::nullopt;
}

struct cell_case {
  std::string_view wire;
  Oid type;
  std::optional<value> want;
};

void expect_all(const std::vector<cell_case>& cases) {
  for (std::size_t i = 0; i < cases.size(); ++i)
    EXPECT_EQ(decoded(cases[i].wire, cases[i].type), cases[i].want)
        << "case " << i << ", " << type_name(cases[i].type);
}

TEST(postgres_decoding, numbers_to_their_limits) {
  expect_all({
      {"80 00", oid::int2, n(-32'768)},
      {"7f ff", oid::int2, n(32'767)},
      {"80 00 00 00", oid::int4, n(-2'147'483'648)},
      {"7f ff ff ff ff ff ff ff", oid::int8, integer::max()},
      {"80 00 00 00 00 00 00 00", oid::int8, integer::min()},
      {"ff ff ff ff", oid::object, n(4'294'967'295)},
      {"ff ff ff ff", oid::xid, n(4'294'967'295)},
      {"00 00 00 01 00 00 00 00", oid::xid8, n(4'294'967'296)},
      {"7f f0 00 00 00 00 00 00", oid::float8, real::infinity()},
      {"ff 80 00 00", oid::float4, -real::infinity()},
      {"3f c0 00 00", oid::float4, 1.5},
      {"00 00 00 00 00 00 00 01", oid::float8, real::denorm_min()},
      {"01", oid::boolean, true},
      {"00", oid::boolean, false},
  });
  EXPECT_TRUE(
      std::isnan(std::get<double>(decoded("7f f8 00 00 00 00 00 00", oid::float8).value())));
  EXPECT_TRUE(std::isnan(std::get<double>(decoded("7f c0 00 00", oid::float4).value())));
}

TEST(postgres_decoding, texts_bytes_json_and_uuid) {
  uuid id;
  ASSERT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", id));
  expect_all({
      {"", oid::text, ""},
      {"f0 9f a6 80", oid::text, "\xF0\x9F\xA6\x80"},
      {"61 20", oid::bpchar, "a "},
      {"61", oid::character, "a"},
      {"", oid::void_type, ""},
      {"00 ff 00", oid::bytea, bytes{std::byte{0}, std::byte{255}, std::byte{0}}},
      {"", oid::bytea, bytes{}},
      {"7b 7d", oid::json, json_text{"{}"}},
      {"01 7b 7d", oid::jsonb, json_text{"{}"}},
      {"02 7b 7d", oid::jsonb, std::nullopt},
      {"", oid::jsonb, std::nullopt},
      {"55 0e 84 00 e2 9b 41 d4 a7 16 44 66 55 44 00 00", oid::uuid, id},
      {"55 0e", oid::uuid, std::nullopt},
  });
}

TEST(postgres_decoding, a_text_reuses_its_cell) {
  value cell = std::string(1000, 'x');
  const auto* before = std::get<std::string>(cell).data();
  ASSERT_TRUE(decode_binary("short", oid::text, cell));
  EXPECT_EQ(cell, value{"short"});
  EXPECT_EQ(std::get<std::string>(cell).data(), before);
}

TEST(postgres_decoding, dates_and_timestamps_at_both_ends) {
  expect_all({
      {"00 00 00 00", oid::date, date{year{2000} / 1 / 1}},
      {"ff da 97 a7", oid::date, date{year{-4713} / 11 / 24}},
      {"7f da 97 0c", oid::date, date{days{2'145'031'948 + days_to_2000}}}, // 5874897-12-31
      {"7f ff ff ff", oid::date, std::nullopt},                             // infinity
      {"80 00 00 00", oid::date, std::nullopt},                             // -infinity
      {"00 00 00 00 00 00 00 00", oid::timestamp, timestamp{date{year{2000} / 1 / 1}}},
      {"ff ff ff ff ff ff ff ff", oid::timestamptz, timestamp{date{year{2000} / 1 / 1}} - 1us},
      {"fd 0f 7c c1 41 1f a0 00", oid::timestamp, timestamp{date{year{-4713} / 11 / 24}}},
      {"7f fc a2 fe c4 c8 1f ff", oid::timestamptz, timestamp::max()},
      {"7f fc a2 fe c4 c8 20 00", oid::timestamptz, std::nullopt}, // the server's year 294247
      {"7f ff ff ff ff ff ff ff", oid::timestamp, std::nullopt},   // infinity
      {"80 00 00 00 00 00 00 00", oid::timestamp, std::nullopt},   // -infinity
      {"00 00 00 14 1d d7 60 00", oid::time, time_of_day{24h}},
      {"00 00 00 00 00 00 00 01", oid::time, time_of_day{1us}},
  });
}

TEST(postgres_decoding, numerics_as_the_server_writes_them) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
      {"00 00 00 00 00 00 00 00", "0"},
      {"00 00 00 00 00 00 00 02", "0.00"},
      {"00 01 00 00 00 00 00 00 00 01", "1"},
      {"00 01 00 01 00 00 00 00 00 01", "10000"},
      {"00 01 00 01 40 00 00 00 00 01", "-10000"},
      {"00 01 ff ff 00 00 00 04 00 01", "0.0001"},
      {"00 01 ff fe 40 00 00 08 00 01", "-0.00000001"},
      {"00 02 00 00 00 00 00 02 00 0c 0c 80", "12.32"},
      {"00 02 00 00 00 00 00 03 00 0c 0c 80", "12.320"},
      {"00 01 00 02 00 00 00 01 27 0f", "999900000000.0"},
      {"00 00 00 00 c0 00 00 00", "NaN"},
      {"00 00 00 00 d0 00 00 20", "Infinity"},
      {"00 00 00 00 f0 00 00 20", "-Infinity"},
  };
  for (const auto& [wire, digits] : cases)
    EXPECT_EQ(decoded(wire, oid::numeric), value{numeric{std::string{digits}}}) << wire;
  for (const auto* bad :
       {"", "00 00 00 00 00 00 00", "00 01 00 00 00 00 00 00", "ff ff 00 00 00 00 00 00",
        "00 00 00 00 12 34 00 00", "00 00 00 00 00 00 ff ff", "00 00 00 00 00 00 00 00 00"})
    EXPECT_FALSE(decoded(bad, oid::numeric)) << bad;
}

TEST(postgres_decoding, longest_numerics) {
  std::string digits;
  ASSERT_TRUE(decode_numeric(from_hex("00 01 7f ff 00 00 00 00 00 01"), digits));
  EXPECT_EQ(digits.size(), 32'767U * 4 + 1);
  ASSERT_TRUE(decode_numeric(from_hex("00 00 80 00 00 00 7f ff"), digits));
  EXPECT_EQ(digits.size(), 32'767U + 2);
}

TEST(postgres_decoding, arrays) {
  constexpr Oid int4_array = 1007;
  expect_all({
      {"00 00 00 00 00 00 00 00 00 00 00 17", int4_array, value_array{}},
      {"00 00 00 01 00 00 00 01 00 00 00 17 00 00 00 02 00 00 00 01 "
       "00 00 00 04 00 00 00 07 ff ff ff ff",
       int4_array, value_array{n(7), null_t{}}},
      {"00 00 00 02 00 00 00 01 00 00 00 17 00 00 00 02 00 00 00 01 00 00 00 01 00 00 00 01 "
       "00 00 00 04 00 00 00 01 ff ff ff ff",
       int4_array, value_array{value_array{n(1)}, value_array{null_t{}}}},
      // A lower bound other than 1 is not kept.
      {"00 00 00 01 00 00 00 00 00 00 00 17 00 00 00 01 ff ff ff ff 00 00 00 04 00 00 00 07",
       int4_array, value_array{n(7)}},
      // An element that our type cannot hold.
      {"00 00 00 01 00 00 00 00 00 00 04 3a 00 00 00 01 00 00 00 01 00 00 00 04 7f ff ff ff", 1182,
       std::nullopt},
  });
}

// Nothing that a wire could say makes us read beyond it or ask for memory without end.
TEST(postgres_decoding, malformed_arrays) {
  for (const auto* bad : {
           "",
           "00 00 00 01 00 00 00 00 00 00 00",
           "ff ff ff ff 00 00 00 00 00 00 00 17",
           "00 00 00 07 00 00 00 00 00 00 00 17",
           "00 00 00 01 00 00 00 00 00 00 00 17 00 00 00 02 00 00 00 01 ff ff ff ff",
           "00 00 00 01 00 00 00 00 00 00 00 17 00 00 00 01 00 00 00 01 00 00 00 05 00 00 00 07",
           "00 00 00 01 00 00 00 00 00 00 00 17 00 00 00 01 00 00 00 01 ff ff ff fe",
           "00 00 00 01 00 00 00 00 00 00 00 17 ff ff ff ff 00 00 00 01",
           "00 00 00 01 00 00 00 00 00 00 00 17 00 00 00 01 00 00 00 01 ff ff ff ff 00",
           // 2,147,483,647 times nothing
           "00 00 00 02 00 00 00 00 00 00 00 17 7f ff ff ff 00 00 00 01 00 00 00 00 00 00 00 01",
           "00 00 00 02 00 00 00 00 00 00 00 17 7f ff ff ff 00 00 00 01 7f ff ff ff 00 00 00 01",
       })
    EXPECT_FALSE(decoded(bad, 1007)) << bad;
}

TEST(postgres_decoding, wrong_lengths_and_unlisted_types) {
  for (const Oid type :
       {oid::boolean, oid::int2, oid::int4, oid::int8, oid::float4, oid::float8, oid::date,
        oid::time, oid::timestamp, oid::uuid, oid::numeric, oid::xid8}) {
    EXPECT_FALSE(decoded("", type)) << type_name(type);
    EXPECT_FALSE(decoded("00 00 00", type)) << type_name(type);
    EXPECT_FALSE(decoded("00 00 00 00 00 00 00 00 00", type)) << type_name(type);
  }
  EXPECT_FALSE(decoded("00", 70'000));
  EXPECT_FALSE(decoded("00", 1186)); // interval: read in text form only
}

TEST(postgres_types, every_array_has_an_element_that_is_listed) {
  for (Oid type = 1; type < 6000; ++type) {
    const auto* known = find_type(type);
    if (!known || known->element == 0) continue;
    EXPECT_EQ(known->as, value_type::array) << known->name;
    const auto* element = find_type(known->element);
    ASSERT_TRUE(element) << known->name;
    EXPECT_TRUE(element->binary) << known->name;
    EXPECT_EQ(std::string{element->name} + "[]", known->name);
  }
  EXPECT_EQ(type_name(16'543), "oid 16543");
}

TEST(postgres_decoding, what_no_server_has) {
  EXPECT_FALSE(decoded("ff ff ff ff ff ff ff ff", oid::xid8));
  EXPECT_FALSE(decoded("ff ff ff ff ff ff ff ff", oid::time));
  EXPECT_FALSE(decoded("00 00 00 14 1d d7 60 01", oid::time)); // a microsecond behind 24:00
  EXPECT_FALSE(decoded("80 00 00 01", oid::date));
  EXPECT_FALSE(decoded("80 00 00 00 00 00 00 01", oid::timestamp));
  EXPECT_FALSE(decoded("00 01 00 00 00 00 00 00 27 10", oid::numeric)); // a group of 10,000
  EXPECT_FALSE(decoded("00 01 00 00 00 00 00 00 ff ff", oid::numeric));
}

} // namespace
} // namespace holdfast::drivers::postgres
