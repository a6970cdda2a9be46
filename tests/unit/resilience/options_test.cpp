// One bound for each option, whether it comes from a file or is given to a part in code.
#include "base/option.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>

namespace holdfast::detail {
namespace {

std::vector<std::string> told_in_code(const database_options& o) {
  std::vector<std::string> all;
  for (auto& part :
       {validate(o.retry), validate(o.retry_budget), validate(o.breaker), validate(o.limiter)})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

bool checked_in_code(const std::string& key) {
  const std::string_view k{key};
  return k.starts_with("retry") || k.starts_with("breaker") || k.starts_with("limiter");
}

TEST(ResilienceOptions, have_the_bounds_of_the_option_table) {
  int good = 0;
  int bad = 0;
  for (const auto& row : option_table()) {
    if (!checked_in_code(row.key)) continue;
    for (const auto* text :
         {"-1",     "0",      "0.5",   "1",       "1.5",       "100", "101", "1000",
          "1001",   "10000",  "10001", "1000000", "1000001",   "-1s", "0s",  "1s",
          "86400s", "86401s", "365d",  "366d",    "unlimited", "off"}) {
      database_config c;
      if (!row.read(c, text)) continue;
      const bool fits = row.in_bounds(c, row.bounds);
      const auto line = row.key + ": given " + row.show(c) + "; takes " + row.takes;
      const auto told = told_in_code(c.options);
      EXPECT_EQ(std::count(told.begin(), told.end(), line), fits ? 0 : 1) << line;
      ++(fits ? good : bad);
    }
  }
  EXPECT_GT(good, 100);
  EXPECT_GT(bad, 100);
}

TEST(ResilienceOptions, no_number_is_within_no_bounds) {
  limiter_options o;
  o.decrease = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(validate(o).size(), 1U);
}

} // namespace
} // namespace holdfast::detail
