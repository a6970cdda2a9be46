// The bounds of the results that are kept: entries, bytes, age; who goes first.
#include "database/stale_cache.hpp"

#include <holdfast/row.hpp>

#include <gtest/gtest.h>

namespace holdfast::detail {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1h};

row_copy one(std::int64_t n, std::size_t padding = 0) {
  row_copy made;
  made.columns = {{"n", value_type::integer, "int8"}, {"text", value_type::text, "text"}};
  made.rows = {{value{n}, value{std::string(padding, 'x')}}};
  made.has_columns = true;
  return made;
}

std::int64_t number_in(const stale_cache::entry& e) {
  return std::get<std::int64_t>(e.rows->rows.at(0).at(0));
}

TEST(StaleCache, gives_what_was_put_last_with_its_age) {
  stale_cache kept{{}};
  kept.put("a", one(1), 100, start);
  kept.put("a", one(2), 100, start + 10s);
  const auto found = kept.find("a", 30s, start + 15s);
  ASSERT_TRUE(found);
  EXPECT_EQ(number_in(*found), 2);
  EXPECT_EQ(found->age, 5s);
  EXPECT_EQ(kept.size(), 1U);
  EXPECT_FALSE(kept.find("b", 30s, start));
}

TEST(StaleCache, nothing_older_than_the_call_takes_or_than_may_be_kept) {
  stale_cache kept{{.max_age = 60s}};
  kept.put("a", one(1), 100, start);
  EXPECT_FALSE(kept.find("a", 10s, start + 11s));
  EXPECT_TRUE(kept.find("a", 10s, start + 10s)) << "too old for one call is not too old for all";
  EXPECT_FALSE(kept.find("a", 1h, start + 61s));
  EXPECT_EQ(kept.size(), 0U) << "dropped";
  EXPECT_EQ(kept.bytes(), 0U);
}

TEST(StaleCache, the_least_recently_used_goes_first) {
  stale_cache kept{{.max_entries = 2}};
  kept.put("a", one(1), 100, start);
  kept.put("b", one(2), 100, start);
  EXPECT_TRUE(kept.find("a", 1min, start));
  kept.put("c", one(3), 100, start);
  EXPECT_TRUE(kept.find("a", 1min, start));
  EXPECT_FALSE(kept.find("b", 1min, start));
  EXPECT_EQ(kept.size(), 2U);
}

TEST(StaleCache, bytes_are_bounded_and_a_giant_is_not_kept) {
  stale_cache kept{{.max_bytes = 4000}};
  for (int i = 0; i < 20; ++i) {
    kept.put("k" + std::to_string(i), one(i), 1000, start);
    ASSERT_LE(kept.bytes(), 4000U);
  }
  EXPECT_TRUE(kept.find("k19", 1min, start));
  EXPECT_FALSE(kept.find("k0", 1min, start));
  kept.put("k19", one(7), 5000, start);
  EXPECT_FALSE(kept.find("k19", 1min, start)) << "the answer before is no longer the last one";
}

TEST(CopyingSink, hands_on_keeps_a_copy_and_gives_it_again) {
  typed_rows<std::tuple<std::int64_t, std::string>> live;
  copying_sink both{&live};
  const row_copy given = one(5, 3);
  ASSERT_TRUE(given.replay(both));
  ASSERT_TRUE(given.replay(both)) << "a retried attempt";
  const auto seen = live.take();
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->size(), 1U);
  const row_copy copy = both.take();
  typed_rows<std::tuple<std::int64_t, std::string>> again;
  ASSERT_TRUE(copy.replay(again));
  EXPECT_EQ(*again.take(), *seen);
}

TEST(CopyingSink, gives_up_the_copy_of_what_is_too_large) {
  typed_rows<std::tuple<std::int64_t, std::string>> live;
  copying_sink both{&live, 5000};
  ASSERT_TRUE(one(5, 10'000).replay(both));
  EXPECT_FALSE(both.complete());
  EXPECT_TRUE(both.take().rows.empty());
  EXPECT_EQ(live.take()->size(), 1U);
}

} // namespace
} // namespace holdfast::detail
