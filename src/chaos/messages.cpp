#include "chaos/messages.hpp"

#include "base/text.hpp"
#include "chaos/mysql_messages.hpp"
#include "chaos/postgres_messages.hpp"

#include <algorithm>
#include <array>

namespace holdfast::chaos {
namespace {

template <class Reader>
std::unique_ptr<message_reader> make() {
  return std::make_unique<Reader>();
}

// In the order of `fault_protocol`.
constexpr std::array<std::unique_ptr<message_reader> (*)(), 2> makers{make<postgres_messages>,
                                                                      make<mysql_messages>};

} // namespace

std::unique_ptr<message_reader> make_reader(fault_protocol protocol) {
  return makers[static_cast<std::size_t>(protocol)]();
}

bool begins_with_word(std::string_view sql, std::initializer_list<std::string_view> words) {
  sql = detail::trim(sql.substr(0, sql.find('\0')));
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  const auto end = std::ranges::find_if_not(sql, letter);
  const auto word = detail::lower(sql.substr(0, static_cast<std::size_t>(end - sql.begin())));
  return std::ranges::find(words, std::string_view{word}) != words.end();
}

} // namespace holdfast::chaos
