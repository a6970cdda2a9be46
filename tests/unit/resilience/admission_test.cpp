#include <holdfast/admission.hpp>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using verdict = admission_answer::verdict;

admission_question busy() {
  admission_question q;
  q.remaining = 1s;
  q.median_service = 10ms;
  q.places = 4;
  return q;
}

TEST(Admission, a_free_place_is_taken_whatever_the_estimate) {
  auto q = busy();
  q.free = 1;
  q.remaining = 1ns;
  EXPECT_TRUE(decide_admission(q).admitted());
  q.waiting = {0, 1, 0};
  EXPECT_EQ(decide_admission(q).what, verdict::too_late);
}

TEST(Admission, refuses_now_what_cannot_be_served_in_time) {
  auto q = busy();
  q.waiting = {0, 395, 0};
  EXPECT_EQ(decide_admission(q).expected_wait, 990ms);
  EXPECT_TRUE(decide_admission(q).admitted());
  q.waiting = {0, 396, 0};
  EXPECT_EQ(decide_admission(q).what, verdict::too_late);
  q.places = 8;
  EXPECT_TRUE(decide_admission(q).admitted());
}

TEST(Admission, unknown_service_time_refuses_nobody_for_time) {
  auto q = busy();
  q.median_service = 0s;
  q.waiting = {0, 800, 0};
  EXPECT_TRUE(decide_admission(q).admitted());
}

TEST(Admission, those_behind_in_priority_do_not_delay) {
  auto q = busy();
  q.remaining = 20ms;
  q.waiting = {0, 0, 400};
  EXPECT_TRUE(decide_admission(q).admitted());
  q.who = priority::background;
  EXPECT_FALSE(decide_admission(q).admitted());
  q.who = priority::critical;
  q.waiting = {0, 400, 0};
  EXPECT_TRUE(decide_admission(q).admitted());
}

TEST(Admission, background_is_shed_first_as_the_queue_fills) {
  auto q = busy();
  q.remaining = 1h;
  q.queue_limit = 100;
  const auto admits = [&](priority who, std::uint32_t queued) {
    q.who = who;
    q.waiting = {0, queued, 0};
    return decide_admission(q).admitted();
  };
  EXPECT_TRUE(admits(priority::background, 49));
  EXPECT_FALSE(admits(priority::background, 50));
  EXPECT_TRUE(admits(priority::normal, 89));
  EXPECT_FALSE(admits(priority::normal, 90));
  EXPECT_TRUE(admits(priority::critical, 99));
  EXPECT_FALSE(admits(priority::critical, 100));
  EXPECT_EQ(decide_admission(q).what, verdict::queue_full);
}

TEST(Admission, a_queue_of_one_serves_every_priority) {
  for (const auto who : {priority::critical, priority::normal, priority::background}) {
    EXPECT_EQ(queue_share(who, 1), 1U);
    EXPECT_EQ(queue_share(who, 0), 0U);
  }
}

} // namespace
} // namespace holdfast
