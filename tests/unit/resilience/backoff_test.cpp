#include <holdfast/backoff.hpp>

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

constexpr backoff_options plain{1s, 30s, 2.0, jitter::none};

backoff_options with(jitter j) {
  backoff_options o = plain;
  o.jitter = j;
  return o;
}

duration at(const backoff_options& o, std::uint32_t n, std::uint64_t random = 0) {
  return backoff_delay(o, n, duration::zero(), random);
}

constexpr std::uint64_t highest = ~std::uint64_t{0};

TEST(Backoff, doubles_up_to_the_cap) {
  EXPECT_EQ(at(plain, 1), 1s);
  EXPECT_EQ(at(plain, 2), 2s);
  EXPECT_EQ(at(plain, 5), 16s);
  EXPECT_EQ(at(plain, 6), 30s);
  EXPECT_EQ(at(plain, 4'000'000'000U), 30s);
}

TEST(Backoff, first_at_once_shifts_the_rest) {
  backoff_options o{500ms, 5s, 2.0, jitter::none, true};
  EXPECT_EQ(at(o, 1), 0s);
  EXPECT_EQ(at(o, 2), 500ms);
  EXPECT_EQ(at(o, 3), 1s);
  EXPECT_EQ(at(o, 9), 5s);
  o.jitter = jitter::decorrelated;
  EXPECT_EQ(at(o, 1, highest), 0s);
}

TEST(Backoff, a_base_above_the_cap_is_the_cap) {
  EXPECT_EQ(at({10s, 3s, 2.0, jitter::none}, 1), 3s);
}

TEST(Backoff, bounds_of_each_jitter) {
  EXPECT_EQ(at(with(jitter::proportional), 3, 0), 2s);
  EXPECT_NEAR(static_cast<double>(at(with(jitter::proportional), 3, highest).count()), 6e9, 10);
  EXPECT_EQ(at(with(jitter::full), 3, 0), 0s);
  EXPECT_NEAR(static_cast<double>(at(with(jitter::full), 3, highest).count()), 4e9, 10);
  EXPECT_EQ(at(with(jitter::equal), 3, 0), 2s);
  EXPECT_NEAR(static_cast<double>(at(with(jitter::equal), 3, highest).count()), 4e9, 10);
}

TEST(Backoff, hint_is_a_floor_spread_upwards) {
  EXPECT_EQ(backoff_delay(plain, 1, 0s, highest, 7s), 7s);
  EXPECT_EQ(backoff_delay(plain, 5, 0s, 0, 7s), 16s);
  EXPECT_EQ(backoff_delay(plain, 9, 0s, 0, 90s), 90s) << "above the cap too";
  const auto jittered = with(jitter::full);
  std::mt19937_64 random{1};
  bool differs = false;
  for (int i = 0; i < 1000; ++i) {
    const duration d = backoff_delay(jittered, 1, 0s, random(), 10s);
    EXPECT_GE(d, 10s);
    EXPECT_LE(d, 11s);
    differs = differs || d > 10100ms;
  }
  EXPECT_TRUE(differs);
}

// What clamping after the jitter would break: most late retries would sit exactly on the cap.
TEST(Backoff, late_retries_stay_spread_at_the_cap) {
  for (const jitter j : {jitter::proportional, jitter::full, jitter::equal, jitter::decorrelated}) {
    const auto o = with(j);
    std::mt19937_64 random{42};
    std::vector<duration> late;
    for (int client = 0; client < 2000; ++client) {
      duration previous{};
      for (std::uint32_t n = 1; n <= 12; ++n) {
        previous = backoff_delay(o, n, previous, random());
        if (n == 12) late.push_back(previous);
      }
    }
    std::sort(late.begin(), late.end());
    std::size_t most_together = 0;
    for (std::size_t first = 0, last = 0; last < late.size(); ++last) {
      while (late[last] - late[first] > o.cap / 100) ++first;
      most_together = std::max(most_together, last - first + 1);
    }
    EXPECT_LT(most_together, 120U) << "within 1 % of the cap, jitter " << static_cast<int>(j);
    EXPECT_LE(late.back(), j == jitter::proportional ? o.cap * 3 / 2 : o.cap);
    EXPECT_GE(late[1000], o.cap * 2 / 5) << "the delays did grow, jitter " << static_cast<int>(j);
  }
}

TEST(Backoff, decorrelated_stays_between_base_and_thrice_the_last) {
  const auto o = with(jitter::decorrelated);
  std::mt19937_64 random{7};
  for (int i = 0; i < 2000; ++i) {
    const duration previous = 1s + std::chrono::milliseconds{random() % 8000};
    const duration d = backoff_delay(o, 2, previous, random());
    EXPECT_GE(d, o.base);
    EXPECT_LE(d, 3 * previous);
  }
  EXPECT_EQ(backoff_delay(o, 1, 0s, random()), o.base);
}

TEST(Backoff, mean_of_proportional_is_the_plain_delay) {
  std::mt19937_64 random{3};
  double sum = 0;
  for (int i = 0; i < 20000; ++i)
    sum += static_cast<double>(at(with(jitter::proportional), 4, random()).count());
  EXPECT_NEAR(sum / 20000, 8e9, 8e7);
}

TEST(Backoff, total_adds_up_and_saturates) {
  EXPECT_EQ(backoff_total(plain, 0), 0s);
  EXPECT_EQ(backoff_total(plain, 3), 7s);
  EXPECT_EQ(backoff_total(plain, 6), 31s + 30s);
  EXPECT_EQ(backoff_total(plain, 106), 31s + 101 * 30s);
  EXPECT_EQ(backoff_total({1s, 9s, 1.0, jitter::none}, 100), 100s);
  EXPECT_GT(backoff_total(plain, ~0U), 24h);
}

} // namespace
} // namespace holdfast
