#include "base/percent.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"

#include <array>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace holdfast::detail {
namespace {

constexpr std::array<std::string_view, 5> keys{"pool.max_size", "pool.min_size", "tls.mode", "user",
                                               "deadline"};

TEST(Suggest, FindsWhatWasMeant) {
  EXPECT_EQ(suggest("pool.maxsize", keys), "pool.max_size");
  EXPECT_EQ(suggest("pool.max_szie", keys), "pool.max_size");
  EXPECT_EQ(suggest("pool-min-size", keys), "pool.min_size");
  EXPECT_EQ(suggest("POOL_MAX_SIZE", keys), "pool.max_size");
  EXPECT_EQ(suggest("usr", keys), "user");
  EXPECT_EQ(suggest("deadlin", keys), "deadline");
}

TEST(Suggest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(suggest("frobnicate", keys), "");
  EXPECT_EQ(suggest("", keys), "");
  EXPECT_EQ(suggest(std::string(5000, 'x'), keys), "");
  EXPECT_EQ(suggest("user", {}), "");
}

TEST(Suggest, MakesAPhrase) {
  EXPECT_EQ(did_you_mean("usr", keys), "; did you mean user?");
  EXPECT_EQ(did_you_mean("frobnicate", keys), "");
}

TEST(Percent, EncodesAndDecodes) {
  std::string every;
  for (int c = 1; c < 256; ++c) every += static_cast<char>(c);
  EXPECT_EQ(percent_decode(percent_encode(every)), every);
  EXPECT_EQ(percent_encode("a b/c", "/"), "a%20b/c");
  EXPECT_EQ(percent_decode("%c3%A4"), "\xC3\xA4");
  EXPECT_FALSE(percent_decode("%"));
  EXPECT_FALSE(percent_decode("%4"));
  EXPECT_FALSE(percent_decode("%G0"));
  EXPECT_FALSE(percent_decode("%00"));
}

TEST(Text, Splits) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Text, CountsAreDigitsOnly) {
  EXPECT_EQ(parse_count("0", 9), 0U);
  EXPECT_EQ(parse_count("18446744073709551615", UINT64_MAX), UINT64_MAX);
  for (const auto* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "18446744073709551616"})
    EXPECT_FALSE(parse_count(bad, UINT64_MAX)) << bad;
  EXPECT_FALSE(parse_count("10", 9));
}

TEST(Text, WipesACopy) {
  std::string text = "hunter2";
  wipe(text);
  EXPECT_TRUE(text.empty());
}

} // namespace
} // namespace holdfast::detail
