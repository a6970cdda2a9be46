#include "drivers/postgres/array_decoding.hpp"

#include "drivers/postgres/array_encoding.hpp"
#include "drivers/postgres/big_endian.hpp"
#include "drivers/postgres/rows.hpp"
#include "drivers/postgres/text_values.hpp"

#include <cstdint>
#include <string>

namespace holdfast::drivers::postgres {
namespace {

constexpr std::int32_t most_dimensions = 6; // the server's own limit

class binary_reader {
public:
  binary_reader(std::string_view in, Oid element) noexcept : rest_{in}, element_{element} {}

  bool read(value& out) {
    std::int32_t dimensions = 0;
    std::int32_t flags = 0;
    std::int32_t element = 0;
    if (!take(dimensions) || !take(flags) || !take(element)) return false;
    if (dimensions < 0 || dimensions > most_dimensions) return false;
    std::array<std::int32_t, most_dimensions> sizes{};
    auto most_elements = rest_.size() / 4; // each has its length before it
    for (int i = 0; i < dimensions; ++i) {
      std::int32_t lower_bound = 0;
      auto& size = sizes[static_cast<std::size_t>(i)];
      if (!take(size) || !take(lower_bound) || size < 1) return false;
      most_elements /= static_cast<std::size_t>(size);
      if (most_elements == 0) return false; // more than the bytes can hold: believe no size
    }
    value_array all;
    const std::span used{sizes.data(), static_cast<std::size_t>(dimensions)};
    if (!used.empty() && !read_dimension(used, all)) return false;
    out = std::move(all);
    return rest_.empty();
  }

private:
  bool take(std::int32_t& number) noexcept {
    if (rest_.size() < 4) return false;
    number = big_endian<std::int32_t>(rest_);
    rest_.remove_prefix(4);
    return true;
  }

  bool read_dimension(std::span<const std::int32_t> sizes, value_array& out) {
    for (std::int32_t i = 0; i < sizes.front(); ++i) {
      value v;
      if (sizes.size() == 1) {
        if (!read_element(v)) return false;
      } else {
        value_array inner;
        if (!read_dimension(sizes.subspan(1), inner)) return false;
        v = std::move(inner);
      }
      out.push_back(std::move(v));
    }
    return true;
  }

  bool read_element(value& out) {
    std::int32_t length = 0;
    if (!take(length)) return false;
    if (length == -1) return true; // null
    if (length < 0 || static_cast<std::size_t>(length) > rest_.size()) return false;
    const auto bytes = rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(bytes.size());
    return decode_binary(bytes, element_, out);
  }

  std::string_view rest_;
  Oid element_;
};

class text_reader {
public:
  text_reader(std::string_view in, Oid element) noexcept : rest_{in}, element_{element} {}

  bool read(value& out) {
    if (rest_.starts_with('[')) // bounds
      rest_.remove_prefix(std::min(rest_.find('{'), rest_.size()));
    value_array all;
    if (!read_list(all, 0)) return false;
    out = std::move(all);
    return rest_.empty();
  }

private:
  bool skip(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool read_list(value_array& out, int depth) {
    if (depth == most_dimensions || !skip('{')) return false;
    if (skip('}')) return true;
    do {
      value v;
      if (!read_element(v, depth)) return false;
      out.push_back(std::move(v));
    } while (skip(','));
    return skip('}');
  }

  bool read_element(value& out, int depth) {
    if (rest_.starts_with('{')) {
      value_array inner;
      if (!read_list(inner, depth + 1)) return false;
      out = std::move(inner);
      return true;
    }
    std::string text;
    if (skip('"')) return read_quoted(text) && decode_text(text, element_, out);
    const auto end = std::min(rest_.find_first_of(",}"), rest_.size());
    text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return text == "NULL" || decode_text(text, element_, out);
  }

  bool read_quoted(std::string& text) {
    while (!rest_.empty() && rest_.front() != '"') {
      skip('\\');
      if (rest_.empty()) return false;
      text.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    return skip('"');
  }

  std::string_view rest_;
  Oid element_;
};

} // namespace

bool decode_array_binary(std::string_view in, Oid element, value& out) {
  return binary_reader{in, element}.read(out);
}

bool decode_array_text(std::string_view in, Oid element, value& out) {
  if (!text_reader{in, element}.read(out)) return false;
  return is_rectangular(std::get<value_array>(out));
}

} // namespace holdfast::drivers::postgres
