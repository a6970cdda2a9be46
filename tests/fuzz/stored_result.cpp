#include "fuzz/targets.hpp"

#include <holdfast/operation_codec.hpp>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace holdfast::fuzz {

namespace {

/// What is read as a result is stored as a text that reads as the same.
template <class T>
void read_and_store(std::string_view text) {
  T first{};
  if (!detail::decode_result(text, first)) return;
  const std::string stored = detail::encode_result(first);
  T second{};
  demand(detail::decode_result(stored, second), "a stored result is not read back", stored);
  demand(detail::encode_result(second) == stored, "a stored result changes", stored);
}

} // namespace

void stored_result(std::string_view input) {
  read_and_store<bool>(input);
  read_and_store<std::int64_t>(input);
  read_and_store<std::uint32_t>(input);
  read_and_store<double>(input);
  read_and_store<std::string>(input);
  read_and_store<std::optional<std::int64_t>>(input);
  read_and_store<std::vector<std::string>>(input);
  read_and_store<std::map<std::string, std::int64_t>>(input);
  read_and_store<std::tuple<std::int64_t, std::string, bool>>(input);
}

std::vector<std::string> stored_result_seeds() {
  return {"null",
          "true",
          "-9223372036854775808",
          "1.5e300",
          "\"a\\u00e9\\n\"",
          "[\"a\",\"b\"]",
          "{\"a\":1,\"b\":2}",
          "[1,\"x\",false]",
          "[[[[[]]]]]",
          "4294967296",
          " 7 ",
          "\"\\ud83d\\ude00\""};
}

} // namespace holdfast::fuzz
