#include "drivers/postgres/numeric_digits.hpp"

#include "drivers/postgres/big_endian.hpp"

#include <algorithm>
#include <cstdint>

namespace holdfast::drivers::postgres {
namespace {

constexpr std::size_t header_size = 8;

enum sign : std::uint16_t {
  plus = 0x0000,
  minus = 0x4000,
  not_a_number = 0xC000,
  infinite = 0xD000,
  minus_infinite = 0xF000,
};

struct groups {
  std::string_view bytes;
  int count;

  /// The group of weight 10,000^place counted from the first; zero beyond the ends.
  [[nodiscard]] int at(int place) const noexcept {
    if (place < 0 || place >= count) return 0;
    return big_endian<std::int16_t>(bytes.substr(2 * static_cast<std::size_t>(place)));
  }
  [[nodiscard]] bool sound() const noexcept {
    for (int place = 0; place < count; ++place)
      if (at(place) < 0 || at(place) > 9999) return false;
    return true;
  }
};

void put_group(int group, std::string& out) {
  for (int scale = 1000; scale > 0; scale /= 10)
    out.push_back(static_cast<char>('0' + group / scale % 10));
}

void put_whole(const groups& g, int weight, std::string& out) {
  const auto from = out.size();
  for (int place = 0; place <= weight; ++place) put_group(g.at(place), out);
  const auto first = out.find_first_not_of('0', from);
  out.erase(from, std::min(first, out.size()) - from);
  if (out.size() == from) out.push_back('0');
}

void put_fraction(const groups& g, int weight, int scale, std::string& out) {
  if (scale == 0) return;
  out.push_back('.');
  const auto end = out.size() + static_cast<std::size_t>(scale);
  for (int place = weight + 1; out.size() < end; ++place) put_group(g.at(place), out);
  out.resize(end);
}

} // namespace

bool decode_numeric(std::string_view in, std::string& digits) {
  if (in.size() < header_size) return false;
  const groups g{in.substr(header_size), big_endian<std::int16_t>(in)};
  const int weight = big_endian<std::int16_t>(in.substr(2));
  const auto s = big_endian<std::uint16_t>(in.substr(4));
  const int scale = big_endian<std::int16_t>(in.substr(6));
  if (g.count < 0 || scale < 0 || g.bytes.size() != 2 * static_cast<std::size_t>(g.count))
    return false;
  if (!g.sound()) return false;
  digits.clear();
  switch (s) {
  case not_a_number: digits = "NaN"; return true;
  case infinite: digits = "Infinity"; return true;
  case minus_infinite: digits = "-Infinity"; return true;
  case minus: digits.push_back('-'); break;
  case plus: break;
  default: return false;
  }
  put_whole(g, weight, digits);
  put_fraction(g, weight, scale, digits);
  return true;
}

bool is_numeric(std::string_view text) noexcept {
  const auto skip_sign = [&text] {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  };
  const auto skip_digits = [&text] {
    const auto n = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(n);
    return n;
  };
  if (text == "NaN") return true;
  skip_sign();
  if (text == "Infinity") return true;
  auto digits = skip_digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    skip_sign();
    if (skip_digits() == 0) return false;
  }
  return text.empty();
}

} // namespace holdfast::drivers::postgres
