#include "drivers/postgres/statement_cache.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace holdfast::drivers::postgres {
namespace {

prepared_statement named(std::string sql, std::string name) {
  prepared_statement s;
  s.sql = std::move(sql);
  s.name = std::move(name);
  return s;
}

using names = std::vector<std::string>;

TEST(postgres_statement_cache, finds_what_was_inserted) {
  statement_cache cache{2};
  EXPECT_EQ(cache.find("a"), nullptr);
  cache.insert(named("a", "1"));
  cache.insert(named("b", "2"));
  EXPECT_EQ(cache.find("a")->name, "1");
  EXPECT_EQ(cache.find("b")->name, "2");
  EXPECT_EQ(cache.size(), 2U);
}

TEST(postgres_statement_cache, least_recently_used_goes_first_and_is_closed_once) {
  statement_cache cache{2};
  cache.insert(named("a", "1"));
  cache.insert(named("b", "2"));
  ASSERT_TRUE(cache.find("a")); // used again
  cache.insert(named("c", "3"));
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_TRUE(cache.find("a"));
  EXPECT_EQ(cache.take_doomed(), names{"2"});
  EXPECT_EQ(cache.take_doomed(), names{});
  EXPECT_EQ(cache.size(), 2U);
}

TEST(postgres_statement_cache, same_text_again_replaces_the_old) {
  statement_cache cache{3};
  cache.insert(named("a", "1"));
  cache.insert(named("a", "2"));
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(cache.find("a")->name, "2");
  EXPECT_EQ(cache.take_doomed(), names{"1"});
}

TEST(postgres_statement_cache, doomed_is_closed_and_forgotten_is_not) {
  statement_cache cache{3};
  cache.insert(named("a", "1"));
  cache.insert(named("b", "2"));
  cache.insert(named("c", ""));
  cache.doom("a");
  cache.forget("b");
  cache.doom("c"); // never had a name
  cache.doom("never");
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.take_doomed(), names{"1"});
}

TEST(postgres_statement_cache, after_deallocate_all_nothing_is_left_to_close) {
  statement_cache cache{3};
  cache.insert(named("a", "1"));
  cache.insert(named("b", "2"));
  cache.doom("a");
  cache.forget_all();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(cache.take_doomed(), names{});
}

TEST(postgres_statement_cache, keeps_the_one_in_use_even_with_no_room) {
  statement_cache cache{0};
  EXPECT_EQ(cache.insert(named("a", "1")).name, "1");
  EXPECT_EQ(cache.find("a")->name, "1");
  cache.insert(named("b", "2"));
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(cache.take_doomed(), names{"1"});
}

TEST(postgres_statement_cache, keys_survive_many_evictions) {
  statement_cache cache{7};
  for (int i = 0; i < 1000; ++i) {
    const auto sql = "select " + std::to_string(i % 13);
    if (!cache.find(sql)) cache.insert(named(sql, std::to_string(i)));
    ASSERT_EQ(cache.find(sql)->sql, sql);
    ASSERT_LE(cache.size(), 7U);
  }
}

} // namespace
} // namespace holdfast::drivers::postgres
