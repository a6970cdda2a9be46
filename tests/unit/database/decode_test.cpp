#include <holdfast/row.hpp>

#include <cfloat>
#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using namespace std::chrono;

const column price{"price", value_type::text, "TEXT"};

template <class T>
result<T> decoded(value cell) {
  T out{};
  if (auto r = from_cell(cell, {2, &price}, out); !r) return std::move(r.error());
  return out;
}

template <class T>
std::optional<errc> failure(value cell) {
  const auto r = decoded<T>(std::move(cell));
  return r ? std::nullopt : std::optional{r.error().code};
}

value text(std::string_view s) { return std::string{s}; }

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

TEST(decode, errors_name_the_column_and_both_types_but_never_the_value) {
  const auto r = decoded<long>(text("s3cret"));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::column_type);
  EXPECT_EQ(r.error().message, R"(column 3 ("price") is of type text (TEXT), not an integer)");
}

TEST(decode, null_goes_into_an_optional_only) {
  EXPECT_EQ(failure<long>(null_t{}), errc::unexpected_null);
  EXPECT_EQ(failure<std::string>(null_t{}), errc::unexpected_null);
  EXPECT_EQ(failure<date>(null_t{}), errc::unexpected_null);
  EXPECT_EQ(failure<std::vector<int>>(null_t{}), errc::unexpected_null);
  EXPECT_EQ(decoded<std::optional<long>>(null_t{}).value(), std::nullopt);
  EXPECT_EQ(decoded<std::optional<long>>(std::int64_t{4}).value(), 4);
}

TEST(decode, integers_are_checked_against_the_narrow_type) {
  EXPECT_EQ(decoded<std::int8_t>(std::int64_t{-128}).value(), -128);
  EXPECT_EQ(failure<std::int8_t>(std::int64_t{128}), errc::value_out_of_range);
  EXPECT_EQ(failure<std::uint32_t>(std::int64_t{-1}), errc::value_out_of_range);
  EXPECT_EQ(failure<std::uint64_t>(std::int64_t{-1}), errc::value_out_of_range);
  EXPECT_EQ(decoded<std::uint64_t>(int64_max).value(), 9223372036854775807U);
  EXPECT_EQ(failure<long>(1.0), errc::column_type); // no silent rounding
  EXPECT_EQ(failure<long>(true), errc::column_type);
}

TEST(decode, a_decimal_without_fraction_is_an_integer) {
  EXPECT_EQ(decoded<long>(numeric{"9223372036854775807"}).value(), int64_max);
  EXPECT_EQ(failure<long>(numeric{"9223372036854775808"}), errc::value_out_of_range);
  EXPECT_EQ(failure<long>(numeric{"1.5"}), errc::value_out_of_range);
  EXPECT_EQ(failure<long>(numeric{"NaN"}), errc::value_out_of_range);
  EXPECT_EQ(failure<long>(numeric{""}), errc::value_out_of_range);
}

TEST(decode, an_integer_becomes_a_double_only_without_loss) {
  constexpr auto exact = std::int64_t{1} << 53;
  EXPECT_EQ(decoded<double>(exact).value(), 9007199254740992.0);
  EXPECT_EQ(failure<double>(exact + 1), errc::value_out_of_range);
  EXPECT_EQ(failure<double>(-exact - 1), errc::value_out_of_range);
  EXPECT_EQ(failure<double>(numeric{"0.1"}), errc::column_type); // never through double
}

TEST(decode, a_float_rounds_but_does_not_overflow) {
  EXPECT_EQ(decoded<float>(0.1).value(), 0.1F);
  EXPECT_EQ(failure<float>(1e300), errc::value_out_of_range);
  EXPECT_EQ(failure<float>(-1e300), errc::value_out_of_range);
  EXPECT_EQ(decoded<float>(double{FLT_MAX}).value(), FLT_MAX);
  EXPECT_EQ(decoded<float>(std::numeric_limits<double>::infinity()).value(),
            std::numeric_limits<float>::infinity());
}

TEST(decode, booleans_are_booleans_or_zero_and_one) {
  EXPECT_EQ(decoded<bool>(true).value(), true);
  EXPECT_EQ(decoded<bool>(std::int64_t{0}).value(), false);
  EXPECT_EQ(failure<bool>(std::int64_t{2}), errc::column_type);
  EXPECT_EQ(failure<bool>(text("true")), errc::column_type);
}

TEST(decode, dates) {
  EXPECT_EQ(decoded<date>(text("2024-02-29")).value(), sys_days{2024y / 2 / 29});
  EXPECT_EQ(decoded<date>(text("0001-01-01")).value(), sys_days{1y / 1 / 1});
  for (const auto bad : {"", "2024", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-32",
                         "2024-1-01x", "2024/01/01", "-001-01-01", "+024-01-01", "2024--1-01",
                         "2024-01--1", " 024-01-01", "2024-01-01 ", "infinity!!", "2024-01-01\n"})
    EXPECT_EQ(failure<date>(text(bad)), errc::column_type) << bad;
  EXPECT_EQ(failure<date>(text(std::string_view{"2024-01-0\0", 10})), errc::column_type);
  EXPECT_EQ(failure<date>(std::int64_t{20240101}), errc::column_type);
}

TEST(decode, times_of_day) {
  const auto micros = [](std::string_view s) {
    return decoded<time_of_day>(text(s)).value().since_midnight;
  };
  EXPECT_EQ(micros("23:59"), 23h + 59min);
  EXPECT_EQ(micros("00:00:01"), 1s);
  EXPECT_EQ(micros("12:00:00.5"), 12h + 500ms);
  EXPECT_EQ(micros("12:00:00.000001"), 12h + 1us);
  for (const auto bad : {"", "1:00", "24:00", "12:60", "12:00:60", "12:00:", "12:00:00.",
                         "12:00:00.1234567", "12:00:00,5", "-1:00", "-0:00", "12:-0", "12:00:-0",
                         "12:00:00.-1", "12:00:00.-0", "12:00:00.1 ", "12:00+02", "ab:cd"})
    EXPECT_EQ(failure<time_of_day>(text(bad)), errc::column_type) << bad;
}

TEST(decode, timestamps) {
  const timestamp noon{sys_days{2026y / 11 / 21} + 12h};
  EXPECT_EQ(decoded<timestamp>(text("2026-11-21 12:00:00")).value(), noon);
  EXPECT_EQ(decoded<timestamp>(text("2026-11-21T12:00:00Z")).value(), noon);
  EXPECT_EQ(decoded<timestamp>(text("2026-11-21 12:00:00.000001")).value(), noon + 1us);
  EXPECT_EQ(decoded<timestamp>(text("2026-11-21")).value(), noon - 12h);
  EXPECT_EQ(decoded<timestamp>(text("1969-12-31 23:59:59.5")).value(), timestamp{-500ms});
  for (const auto bad : {"", "Z", "2026-11-21 ", "2026-11-21x12:00:00", "2026-11-21 12:00:00+02",
                         "2026-11-21 25:00:00", "2026-02-30 12:00:00", "now", "1763726400"})
    EXPECT_EQ(failure<timestamp>(text(bad)), errc::column_type) << bad;
}

TEST(decode, text_comes_of_what_is_text_without_loss) {
  EXPECT_EQ(decoded<std::string>(text("a")).value(), "a");
  EXPECT_EQ(decoded<std::string>(numeric{"1.50"}).value(), "1.50");
  EXPECT_EQ(decoded<std::string>(json_text{"{}"}).value(), "{}");
  EXPECT_EQ(failure<std::string>(std::int64_t{1}), errc::column_type);
  EXPECT_EQ(failure<std::string>(1.5), errc::column_type);
}

TEST(decode, uuid_json_and_arrays) {
  constexpr auto id = "550e8400-e29b-41d4-a716-446655440000";
  EXPECT_EQ(to_string(decoded<uuid>(text(id)).value()), id);
  EXPECT_EQ(failure<uuid>(text("550e8400")), errc::column_type);
  EXPECT_EQ(decoded<boost::json::value>(text("[1]")).value(), boost::json::array{1});
  EXPECT_EQ(failure<boost::json::value>(text("[1")), errc::column_type);
  const value_array items{std::int64_t{1}, null_t{}};
  EXPECT_EQ(decoded<std::vector<std::optional<int>>>(items).value(),
            (std::vector<std::optional<int>>{1, std::nullopt}));
  EXPECT_EQ(failure<std::vector<int>>(items), errc::unexpected_null);
  EXPECT_EQ(failure<std::vector<int>>(std::int64_t{1}), errc::column_type);
}

struct booking {
  long id;
  std::string seat;
};

TEST(decode, rows_are_checked_for_their_width_even_when_there_are_none) {
  const std::vector<column> two{{"id", {}, ""}, {"seat", {}, ""}};
  typed_rows<booking> fits;
  fits.columns(two);
  std::vector<value> cells{std::int64_t{7}, std::string{"12A"}};
  ASSERT_TRUE(fits.row(cells));
  const auto rows = fits.take().value();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].id, 7);
  EXPECT_EQ(rows[0].seat, "12A");

  typed_rows<std::tuple<long, std::string, long>> wide;
  wide.columns(two);
  const auto none = wide.take();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, errc::column_count);
}

TEST(decode, a_second_row_for_one_value_is_an_error) {
  typed_value<long> one;
  one.columns(std::vector<column>{{"id", {}, ""}});
  std::vector<value> cell{std::int64_t{1}};
  ASSERT_TRUE(one.row(cell));
  const auto second = one.row(cell);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::row_count);
}

} // namespace
} // namespace holdfast
