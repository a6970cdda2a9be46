#include "telemetry/text.hpp"

#include <gtest/gtest.h>

namespace holdfast::detail {
namespace {

std::string escaped(std::string_view text, std::size_t limit = 1000) {
  std::string out;
  append_escaped(out, text, limit);
  return out;
}

TEST(append_escaped, leaves_plain_text_alone) {
  EXPECT_EQ(escaped("select_1 ü€😀"), "select_1 ü€😀");
}

TEST(append_escaped, takes_the_teeth_from_controls) {
  EXPECT_EQ(escaped("a\nb\r\t\"\\"), R"(a\nb\r\t\"\\)");
  EXPECT_EQ(escaped(std::string_view{"\0\x1b[31m\x7f", 7}), R"(\u0000\u001b[31m\u007f)");
  EXPECT_EQ(escaped("\xC2\x9B"), R"(\u009b)");     // CSI in one character
  EXPECT_EQ(escaped("\xE2\x80\xA8"), R"(\u2028)"); // line separator
  EXPECT_EQ(escaped("\xE2\x80\xAE"), R"(\u202e)"); // right-to-left override
  EXPECT_EQ(escaped("\xE2\x81\xA6"), R"(\u2066)"); // left-to-right isolate
}

TEST(append_escaped, replaces_what_is_not_utf8) {
  EXPECT_EQ(escaped("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(escaped("\xC3"), "\uFFFD");                               // cut off
  EXPECT_EQ(escaped("\xC0\xAF"), "\uFFFD\uFFFD");                     // overlong
  EXPECT_EQ(escaped("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");           // surrogate
  EXPECT_EQ(escaped("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD"); // beyond U+10FFFF
  EXPECT_EQ(escaped("\xC3\"x"), "\uFFFD\\\"x"); // a bad lead byte does not swallow the quote
}

TEST(append_escaped, cuts_between_characters) {
  EXPECT_EQ(escaped("abcdef", 6), "abcdef");
  EXPECT_EQ(escaped("abcdefg", 6), "abcdef…");
  EXPECT_EQ(escaped("abc😀", 6), "abc…");
}

TEST(printable, has_no_controls_and_is_utf8) {
  EXPECT_EQ(printable("a\nb\xFF\xC3\xBC"), "a\uFFFDb\uFFFDü");
}

struct redaction {
  std::string_view given, expected;
};

class redact_row : public testing::TestWithParam<redaction> {};

TEST_P(redact_row, holds) { EXPECT_EQ(redact(GetParam().given), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    table, redact_row,
    testing::Values(redaction{"", ""}, redaction{"plain", "plain"},
                    redaction{"postgresql://app@localhost/shop", "postgresql://app@localhost/shop"},
                    redaction{"postgresql://app:s3cret@localhost:5432/shop",
                              "postgresql://app:***@localhost:5432/shop"},
                    redaction{"postgresql://app:p@ss/w:rd@localhost/shop",
                              "postgresql://app:***@localhost/shop"},
                    redaction{"redis://:s3cret@h and mysql://a:b@c failed",
                              "redis://:***@h and mysql://a:***@c failed"},
                    redaction{"postgresql://localhost:5432/shop",
                              "postgresql://localhost:5432/shop"},
                    redaction{"host=h password=s3cret user=u", "host=h password=*** user=u"},
                    redaction{"password = 's3 cret' user=u", "password = *** user=u"},
                    redaction{"password='s3", "password=***"},
                    redaction{"SSLPASSWORD=x", "SSLPASSWORD=***"},
                    redaction{"?password=a=b&x=1", "?password=***&x=1"},
                    redaction{"auth_token=abc, client_secret=def;pwd=ghi",
                              "auth_token=***, client_secret=***;pwd=***"},
                    redaction{"password authentication failed for user \"app\"",
                              "password authentication failed for user \"app\""},
                    redaction{"max_size=20 min_size=5", "max_size=20 min_size=5"}));

} // namespace
} // namespace holdfast::detail
