// What is queued comes back to the last bit, or not at all.
#include "database/value_codec.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace holdfast::detail {
namespace {

using namespace std::chrono_literals;

std::vector<value> every_type() {
  uuid u;
  for (std::size_t i = 0; i < u.bytes.size(); ++i) u.bytes[i] = static_cast<std::byte>(i * 7);
  value_array inner{value{std::int64_t{-1}}, value{null_t{}}};
  value_array outer(1, value{inner});
  return {value{null_t{}},
          value{true},
          value{false},
          value{std::numeric_limits<std::int64_t>::min()},
          value{-0.0},
          value{1.0 / 3},
          value{std::numeric_limits<double>::infinity()},
          value{std::string{"a\0b\xc3\xa4", 5}},
          value{bytes{std::byte{0}, std::byte{255}}},
          value{u},
          value{date{std::chrono::days{-20000}}},
          value{time_of_day{12h}},
          value{timestamp{-1us}},
          value{numeric{"0.10"}},
          value{json_text{"{}"}},
          value{outer},
          value{std::string{}}};
}

TEST(ValueCodec, gives_back_every_type) {
  const auto values = every_type();
  const bytes written = encode_values(values);
  const auto read = decode_values(written);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, values);
  EXPECT_EQ(encode_values(*read), written) << "-0.0 equals 0.0, its bits do not";
  EXPECT_TRUE(decode_values(encode_values({}))->empty());
}

TEST(ValueCodec, refuses_what_broke_off_or_was_never_written) {
  const bytes written = encode_values(every_type());
  for (std::size_t n = 0; n < written.size(); ++n)
    EXPECT_FALSE(decode_values(std::span{written}.first(n))) << n;
  bytes longer = written;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(decode_values(longer));
  bytes other = written;
  other[0] = std::byte{9};
  EXPECT_FALSE(decode_values(other)) << "another version";
  for (std::size_t n = 0; n < written.size(); ++n) { // may decode to something else; never crash
    other = written;
    other[n] = std::byte{255};
    (void)decode_values(other);
  }
  value nested{std::int64_t{1}};
  for (int i = 0; i < 100; ++i) nested = value{value_array(1, nested)};
  const std::vector<value> deep(1, nested);
  EXPECT_FALSE(decode_values(encode_values(deep))) << "an array without a bottom";
}

} // namespace
} // namespace holdfast::detail
