#include "base/option_codec.hpp"

#include <gtest/gtest.h>
#include <string>

namespace holdfast::detail {
namespace {

using namespace std::chrono_literals;

template <class T>
std::optional<T> read(std::string_view text) {
  T value{};
  if (!parse_value(text, value)) return std::nullopt;
  return value;
}

TEST(OptionCodec, DurationsHaveUnits) {
  EXPECT_EQ(read<duration>("500ms"), 500ms);
  EXPECT_EQ(read<duration>("5s"), 5s);
  EXPECT_EQ(read<duration>("1.5s"), 1500ms);
  EXPECT_EQ(read<duration>("2min"), 2min);
  EXPECT_EQ(read<duration>("1h"), 1h);
  EXPECT_EQ(read<duration>("7d"), 168h);
  EXPECT_EQ(read<duration>("250us"), 250us);
  EXPECT_EQ(read<duration>("0s"), 0s);
  for (const auto* bad : {"", "5", "s", "5 s", "5m", "-5s", "+5s", "5S", "1..5s", "1e3s", "infs",
                          "nans", "5s5s", "99999999999h", "5sec"})
    EXPECT_FALSE(read<duration>(bad)) << bad;
}

TEST(OptionCodec, DurationsAreShownInTheLargestWholeUnit) {
  EXPECT_EQ(show_value(duration{1500ms}), "1500ms");
  EXPECT_EQ(show_value(duration{90s}), "90s");
  EXPECT_EQ(show_value(duration{120s}), "2min");
  EXPECT_EQ(show_value(duration{168h}), "7d");
  EXPECT_EQ(show_value(duration{0}), "0s");
  EXPECT_EQ(show_value(duration{-5s}), "-5s");
  EXPECT_EQ(show_value(duration::min()), "-9223372036854775808ns");
  EXPECT_EQ(show_value(std::chrono::seconds{60}), "1min");
  EXPECT_FALSE(read<std::chrono::seconds>("1500ms"));
  EXPECT_EQ(read<std::chrono::seconds>("2min"), 120s);
}

TEST(OptionCodec, Words) {
  for (const auto* yes : {"true", "TRUE", "on", "yes", "1"}) EXPECT_EQ(read<bool>(yes), true);
  for (const auto* no : {"false", "off", "No", "0"}) EXPECT_EQ(read<bool>(no), false);
  EXPECT_FALSE(read<bool>("maybe"));
  EXPECT_FALSE(read<bool>(""));
  EXPECT_EQ(read<tls_mode>("verify_full"), tls_mode::verify_full);
  EXPECT_EQ(read<tls_mode>("verify-full"), tls_mode::verify_full);
  EXPECT_FALSE(read<tls_mode>("prefer"));
  EXPECT_EQ(show_value(sqlite_journal_mode::remove), "delete");
}

TEST(OptionCodec, NumbersAndSizes) {
  EXPECT_EQ(read<std::uint32_t>("40"), 40U);
  for (const auto* bad : {"", "-1", "4.0", "4294967296", "0x10", "4 "})
    EXPECT_FALSE(read<std::uint32_t>(bad)) << bad;
  EXPECT_EQ(read<double>("0.5"), 0.5);
  for (const auto* bad : {"", "-0.5", "nan", "inf", "1e3", "0,5", "."})
    EXPECT_FALSE(read<double>(bad)) << bad;
  EXPECT_EQ(read<std::uint64_t>("16MiB"), 16U * 1024 * 1024);
  EXPECT_EQ(read<std::uint64_t>("1.5KiB"), 1536U);
  EXPECT_FALSE(read<std::uint64_t>("16"));
  EXPECT_FALSE(read<std::uint64_t>("16MB"));
  EXPECT_EQ(show_value(std::uint64_t{2 * 1024 * 1024}), "2MiB");
  EXPECT_EQ(show_value(0.1), "0.1");
}

TEST(OptionCodec, NoneIsAWordAndNeverZero) {
  std::optional<duration> time = 5s;
  EXPECT_TRUE(parse_value("off", time));
  EXPECT_FALSE(time.has_value());
  std::optional<std::uint32_t> count = 5;
  EXPECT_TRUE(parse_value("unlimited", count));
  EXPECT_FALSE(count.has_value());
  EXPECT_EQ(show_value(std::optional<duration>{}), "off");
  EXPECT_FALSE(read<std::optional<duration>>("unlimited"));
  EXPECT_EQ(read<std::optional<std::uint32_t>>("0"), std::optional<std::uint32_t>{0U});
}

TEST(OptionCodec, Hosts) {
  const hosts wanted{{"db1", 5432}, {"::1", 5433}, {"/run/pg", std::nullopt}};
  EXPECT_EQ(read<hosts>("db1:5432, [::1]:5433,/run/pg"), wanted);
  EXPECT_EQ(read<hosts>(show_value(wanted)), wanted);
  EXPECT_FALSE(read<hosts>(""));
  EXPECT_FALSE(read<hosts>("a,,b"));
  EXPECT_EQ(read<port>("5432"), port{std::uint16_t{5432}});
  EXPECT_FALSE(read<port>("0"));
}

TEST(OptionCodec, AFailedReadChangesNothing) {
  duration d = 7s;
  hosts h{{"a", std::nullopt}};
  EXPECT_FALSE(parse_value("x", d));
  EXPECT_FALSE(parse_value("b,,c", h));
  EXPECT_EQ(d, 7s);
  EXPECT_EQ(h.size(), 1U);
}

} // namespace
} // namespace holdfast::detail
