#include <holdfast/median_estimate.hpp>
#include <holdfast/retry_budget.hpp>

#include <gtest/gtest.h>
#include <random>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

TEST(RetryBudget, starts_full_and_refuses_when_empty) {
  retry_budget b;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(b.try_spend(1));
  EXPECT_FALSE(b.try_spend(1));
  EXPECT_TRUE(b.try_spend(0));
  EXPECT_DOUBLE_EQ(b.balance(), 0);
}

TEST(RetryBudget, ten_successes_pay_for_one_retry) {
  retry_budget b;
  ASSERT_TRUE(b.try_spend(10));
  for (int i = 0; i < 9; ++i) b.deposit();
  EXPECT_FALSE(b.try_spend(1));
  b.deposit();
  EXPECT_TRUE(b.try_spend(1));
}

TEST(RetryBudget, a_refused_spend_takes_nothing) {
  retry_budget b{{1.0, 0.1}};
  EXPECT_FALSE(b.try_spend(2));
  EXPECT_DOUBLE_EQ(b.balance(), 1);
}

// retries ≤ capacity + deposit × successes, in any order of events
TEST(RetryBudget, property_bounds) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random{seed};
    retry_budget b{{10.0, 0.1}};
    double spent = 0;
    double earned = 10;
    for (int i = 0; i < 5000; ++i) {
      if (random() % 3 == 0) {
        b.deposit();
        earned += 0.1;
      } else {
        const double cost = 1.0 + static_cast<double>(random() % 2);
        if (b.try_spend(cost)) spent += cost;
      }
      ASSERT_GE(b.balance(), 0) << seed;
      ASSERT_LE(b.balance(), 10) << seed;
      ASSERT_LE(spent, earned + 1e-6) << seed;
    }
  }
}

TEST(MedianEstimate, settles_at_the_median_of_a_skewed_load) {
  std::mt19937_64 random{5};
  median_estimate m;
  EXPECT_EQ(m.value(), 0s);
  std::exponential_distribution<double> load{1.0 / 4e6}; // mean 4 ms, median 2.77 ms
  double sum = 0;
  for (int i = 0; i < 20000; ++i) {
    m.add(duration{static_cast<duration::rep>(load(random)) + 1});
    if (i >= 1000) sum += static_cast<double>(m.value().count());
  }
  EXPECT_NEAR(sum / 19000, 2.77e6, 0.4e6);
}

TEST(MedianEstimate, finds_a_far_median_and_ignores_outliers) {
  duration m = median_step({}, 1ms);
  EXPECT_EQ(m, 1ms);
  for (int i = 0; i < 130; ++i) m = median_step(m, 1s);
  EXPECT_EQ(m, 1s);
  m = median_step(m, 1h);
  EXPECT_LE(m, 1063ms);
}

} // namespace
} // namespace holdfast
