#include "database/operation_key.hpp"

#include <holdfast/operation_codec.hpp>
#include <holdfast/parameter.hpp>

#include <gtest/gtest.h>
#include <limits>
#include <set>

namespace holdfast::detail {
namespace {

key_token round_trip(const key_token& t) { return parse_key_token(to_string(t)); }

TEST(operation_key, tokens_survive_the_round_trip_whatever_the_key_holds) {
  for (const auto* key : {"booking-42", "a.b.c", "hf1.5.x", ".", "ключ", " "}) {
    const auto back = round_trip({1'763'600'000, key});
    EXPECT_EQ(back.began, 1'763'600'000) << key;
    EXPECT_EQ(back.key, key);
  }
}

TEST(operation_key, what_is_no_token_is_a_bare_key) {
  for (const auto* bare : {"booking-42", "hf1.", "hf1.12", "hf1.x.key", "hf1..key", "hf1.1x.key",
                           "hf1.99999999999999999999.key", "hf2.12.key", ""}) {
    const auto parsed = parse_key_token(bare);
    EXPECT_EQ(parsed.began, 0) << bare;
    EXPECT_EQ(parsed.key, bare);
  }
}

TEST(operation_key, keys_are_short_printable_text) {
  EXPECT_FALSE(key_problem("booking-42"));
  EXPECT_FALSE(key_problem("ключ"));
  EXPECT_FALSE(key_problem(std::string(longest_key, 'k')));
  EXPECT_TRUE(key_problem(""));
  EXPECT_TRUE(key_problem(std::string(longest_key + 1, 'k')));
  EXPECT_TRUE(key_problem("two\nlines"));
  EXPECT_TRUE(key_problem(std::string_view{"a\0b", 3}));
  EXPECT_TRUE(key_problem("\x7f"));
}

template <class... Args>
std::string fingerprint(std::string_view text, const Args&... args) {
  const auto parameters = to_parameters(args...);
  return fingerprint_of(text, parameters);
}

TEST(operation_key, fingerprints_are_equal_for_equal_operations) {
  EXPECT_EQ(fingerprint("insert", 1, "a", 2.5), fingerprint("insert", 1L, std::string{"a"}, 2.5));
}

TEST(operation_key, fingerprints_tell_operations_apart) {
  using list = std::vector<int>;
  using lists = std::vector<list>;
  const std::vector<std::string> all{
      fingerprint("insert"),
      fingerprint("insert", 1),
      fingerprint("insert", "1"),
      fingerprint("insert", true),
      fingerprint("insert", 1.0),
      fingerprint("insert", numeric{"1"}),
      fingerprint("insert", json_text{"1"}),
      fingerprint("insert", nullptr),
      fingerprint("insert", ""),
      fingerprint("insert", "ab", "c"),
      fingerprint("insert", "a", "bc"),
      fingerprint("insert", 1, 2),
      fingerprint("insert", 2, 1),
      fingerprint("insert", list{}, list{1, 2}),
      fingerprint("insert", lists{{1}}, 2),
      fingerprint("insert", list{1}, 2),
      fingerprint("insert", list{1, 2}),
      fingerprint("insert2", 1),
  };
  EXPECT_EQ((std::set<std::string>{all.begin(), all.end()}.size()), all.size());
}

TEST(operation_key, a_stored_result_is_restored_or_refused) {
  using pair = std::tuple<long, std::optional<std::string>>;
  pair back;
  ASSERT_TRUE(decode_result(encode_result(pair{7, "x"}), back));
  EXPECT_EQ(back, (pair{7, "x"}));
  long number = 0;
  EXPECT_FALSE(decode_result("\"text\"", number));
  EXPECT_FALSE(decode_result("[7", number));
  EXPECT_FALSE(decode_result("", number));
  for (const double d : {7.500000000000001e301, -0.1, std::numeric_limits<double>::infinity()}) {
    double stored = 0;
    ASSERT_TRUE(decode_result(encode_result(d), stored)) << d;
    EXPECT_EQ(stored, d);
  }
}

} // namespace
} // namespace holdfast::detail
