// In which order a checkup asks, and what a refusal means for the questions behind it.
#include "drivers/checkup_questions.hpp"
#include "sim/stack/fake_engine.hpp"

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

using drivers::question;

struct checkup_questions : ::testing::Test {
  question answered(std::string name) {
    asked += name;
    co_return std::nullopt;
  }
  question refused(std::string name) {
    asked += name;
    co_return make_error(errc::permission_denied, name);
  }
  question lost(std::string name) {
    asked += name;
    connection.interrupt();
    co_return make_error(errc::connection_lost, name);
  }
  std::optional<error> ask() { return loop.run(drivers::ask_in_turn(connection, questions)); }

  simulator world{7};
  sim_runtime loop{world};
  fake_connection connection{std::make_shared<fake_store>(world)};
  std::vector<question> questions;
  std::string asked;
};

TEST_F(checkup_questions, a_refused_one_spoils_no_other_and_the_first_refusal_tells) {
  questions.push_back(answered("a"));
  questions.push_back(refused("b"));
  questions.push_back(refused("c"));
  questions.push_back(answered("d"));
  EXPECT_EQ(asked, "") << "asked before its turn";
  const auto told = ask();
  EXPECT_EQ(asked, "abcd");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->message, "b");
}

TEST_F(checkup_questions, none_is_asked_on_a_lost_connection) {
  questions.push_back(lost("a"));
  questions.push_back(answered("b"));
  const auto told = ask();
  EXPECT_EQ(asked, "a");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->code, errc::connection_lost);
}

} // namespace
} // namespace holdfast::testing
