#include <holdfast/error.hpp>

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace holdfast {
namespace {

std::vector<errc> every_code() {
  std::vector<errc> codes;
  for (int i = 0; i <= static_cast<int>(errc::internal_error); ++i)
    codes.push_back(static_cast<errc>(i));
  return codes;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(UserMessage, EveryCodeHasASentenceThatSaysWhetherToTryAgain) {
  for (const auto code : every_code()) {
    const auto text = user_message(make_error(code, "m"));
    EXPECT_TRUE(text.ends_with('.') || text.ends_with("twice.")) << to_string(code) << text;
    EXPECT_TRUE(has(text, "rying again") || has(text, "try again") || has(text, "start it again"))
        << to_string(code) << ": " << text;
  }
}

TEST(UserMessage, ShowsNothingOfTheErrorsInside) {
  for (const auto code : every_code())
    for (const auto effect : {side_effect::none, side_effect::applied, side_effect::unknown}) {
      error e = make_error(code, "CANARY");
      e.native_code = e.native_message = e.where.host = e.where.database = "CANARY";
      e.where.operation = e.outcome_token = "CANARY";
      e.effect = effect;
      EXPECT_FALSE(has(user_message(e), "CANARY")) << to_string(code);
      EXPECT_FALSE(has(user_message(e), "_")) << to_string(code);
    }
}

TEST(UserMessage, AnUnknownOutcomeIsNeverToldAsAFailure) {
  for (const auto code : every_code()) {
    error e = make_error(code, "");
    e.effect = side_effect::unknown;
    EXPECT_TRUE(has(user_message(e), "could not be confirmed")) << to_string(code);
    EXPECT_FALSE(has(user_message(e), "Nothing was changed"));
  }
}

TEST(UserMessage, AnAppliedChangeIsNotToBeRepeated) {
  for (const auto code : every_code()) {
    if (code == errc::outcome_unknown) continue;
    error e = make_error(code, "");
    e.effect = side_effect::applied;
    EXPECT_TRUE(has(user_message(e), "was saved")) << to_string(code);
    EXPECT_FALSE(has(user_message(e), "may help")) << to_string(code);
  }
}

// What the library's own advice calls hopeless is not sold to people as worth another try.
TEST(UserMessage, AgreesWithTheAdvice) {
  for (const auto code : every_code()) {
    const error e = make_error(code, "");
    if (e.next != advice::fix_request) continue;
    EXPECT_FALSE(has(user_message(e), "may help")) << to_string(code) << user_message(e);
  }
}

TEST(UserMessage, SaysAfterHowLong) {
  error e = make_error(errc::circuit_open, "");
  EXPECT_TRUE(has(user_message(e), "in about 10 seconds"));
  e.retry_after = std::chrono::milliseconds{1500};
  EXPECT_TRUE(has(user_message(e), "in about 2 seconds"));
  e.retry_after = std::chrono::milliseconds{20};
  EXPECT_TRUE(has(user_message(e), "in a moment"));
  e.retry_after = std::chrono::minutes{5};
  EXPECT_TRUE(has(user_message(e), "in about 5 minutes"));
}

} // namespace
} // namespace holdfast
