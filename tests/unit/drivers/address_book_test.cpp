#include "drivers/address_book.hpp"

#include <gtest/gtest.h>

namespace holdfast::drivers {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

const time_point start{1h};

void note(address_book& book, const strings& answer, duration when) {
  std::vector<address> found;
  for (const auto& text : answer) found.push_back({text});
  book.note(found, start + when);
}

TEST(address_book, an_address_has_vanished_when_two_answers_apart_lack_it) {
  address_book book;
  note(book, {"10.0.0.1"}, 0s);
  EXPECT_FALSE(book.news().doubtful);
  note(book, {"10.0.0.2"}, 1s);
  EXPECT_TRUE(book.news().doubtful);
  EXPECT_TRUE(book.news().vanished.empty()) << "one answer may be a rotation";
  note(book, {"10.0.0.2"}, 1500ms);
  EXPECT_TRUE(book.news().vanished.empty()) << "the same moment, asked twice";
  note(book, {"10.0.0.2"}, 2s);
  EXPECT_EQ(book.news().vanished, strings{"10.0.0.1"});
  EXPECT_FALSE(book.news().doubtful);
}

TEST(address_book, what_is_named_again_is_back) {
  address_book book;
  note(book, {"10.0.0.1", "10.0.0.2"}, 0s);
  note(book, {"10.0.0.2"}, 1s);
  note(book, {"10.0.0.1"}, 3s);
  EXPECT_TRUE(book.news().vanished.empty());
  note(book, {"10.0.0.1"}, 5s);
  EXPECT_EQ(book.news().vanished, strings{"10.0.0.2"});
  note(book, {"10.0.0.2", "10.0.0.1"}, 6s);
  EXPECT_TRUE(book.news().vanished.empty());
}

TEST(address_book, names_that_never_repeat_an_address_do_not_fill_the_memory) {
  address_book book;
  for (int i = 0; i < 5000; ++i) note(book, {"10.0.0." + std::to_string(i)}, i * 1s);
  EXPECT_LE(book.news().vanished.size(), 256U);
}

} // namespace
} // namespace holdfast::drivers
