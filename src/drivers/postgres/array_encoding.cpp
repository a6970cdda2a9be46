#include "drivers/postgres/array_encoding.hpp"

#include "drivers/postgres/big_endian.hpp"
#include "drivers/postgres/types.hpp"

#include <array>
#include <charconv>

namespace holdfast::drivers::postgres {
namespace {

constexpr std::size_t most_dimensions = 6; // the server's own limit

struct shape {
  std::array<std::size_t, most_dimensions> sizes{};
  std::size_t dimensions = 0;
};

const value_array* nested(const value& v) noexcept { return std::get_if<value_array>(&v); }

/// False unless the array is rectangular.
bool fits_shape(const value_array& v, const shape& s, std::size_t depth) noexcept {
  if (v.size() != s.sizes[depth]) return false;
  const bool last = depth + 1 == s.dimensions;
  for (const auto& element : v) {
    const auto* inner = nested(element);
    if ((inner == nullptr) != last) return false;
    if (inner && !fits_shape(*inner, s, depth + 1)) return false;
  }
  return true;
}

bool measure(const value_array& v, shape& s) noexcept {
  for (const auto* at = &v; at && !at->empty(); at = nested(at->front())) {
    if (s.dimensions == most_dimensions) return false;
    s.sizes[s.dimensions++] = at->size();
  }
  return s.dimensions == 0 || fits_shape(v, s, 0);
}

void overwrite(std::string& out, std::size_t at, std::uint32_t number) {
  std::string bytes;
  put_big_endian(bytes, number);
  out.replace(at, bytes.size(), bytes);
}

/// `text` where an element has no binary form: the whole array then becomes a literal.
encoding put_elements(const value_array& v, Oid element, std::string& out, bool& has_null) {
  for (const auto& e : v) {
    if (const auto* inner = nested(e)) {
      const auto done = put_elements(*inner, element, out, has_null);
      if (done != encoding::binary) return done;
      continue;
    }
    const auto length_at = out.size();
    put_big_endian(out, std::int32_t{-1});
    if (e.type() == value_type::null) {
      has_null = true;
      continue;
    }
    std::string_view in_place;
    const auto done = encode_parameter(e, element, out, in_place);
    if (done != encoding::binary) return done;
    out += in_place;
    overwrite(out, length_at, static_cast<std::uint32_t>(out.size() - length_at - 4));
  }
  return encoding::binary;
}

encoding put_binary(const value_array& v, const shape& s, Oid element, std::string& out) {
  put_big_endian(out, static_cast<std::uint32_t>(s.dimensions));
  const auto flags_at = out.size();
  put_big_endian(out, std::uint32_t{0});
  put_big_endian(out, static_cast<std::uint32_t>(element));
  for (std::size_t i = 0; i < s.dimensions; ++i) {
    put_big_endian(out, static_cast<std::uint32_t>(s.sizes[i]));
    put_big_endian(out, std::uint32_t{1}); // lower bound
  }
  bool has_null = false;
  const auto done = put_elements(v, element, out, has_null);
  if (has_null) overwrite(out, flags_at, 1);
  return done;
}

encoding put_literal(const value_array& v, Oid element, std::string& out);

encoding put_literal_element(const value& v, Oid element, std::string& out) {
  if (const auto* inner = nested(v)) return put_literal(*inner, element, out);
  if (v.type() == value_type::null) {
    out += "NULL";
    return encoding::text;
  }
  std::string own;
  std::string_view in_place;
  // Of an unlisted type only strings are known to be right.
  if (element == 0 && v.type() != value_type::text) return encoding::wrong_type;
  const auto done = encode_parameter(v, element, own, in_place);
  const bool characters = done == encoding::text || is_text(element);
  if (!characters) return done == encoding::binary ? encoding::wrong_type : done;
  quote_element(in_place.data() ? in_place : std::string_view{own}, out);
  return encoding::text;
}

encoding put_literal(const value_array& v, Oid element, std::string& out) {
  char before = '{';
  for (const auto& e : v) {
    out.push_back(before);
    before = ',';
    const auto done = put_literal_element(e, element, out);
    if (done != encoding::text) return done;
  }
  out += v.empty() ? "{}" : "}";
  return encoding::text;
}

} // namespace

void quote_element(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

bool is_rectangular(const value_array& v) noexcept {
  shape s;
  return measure(v, s);
}

encoding encode_array(const value_array& v, Oid type, std::string& out) {
  const auto* known = find_type(type);
  if (known && known->element == 0) return encoding::wrong_type;
  shape s;
  if (!measure(v, s)) return encoding::malformed;
  const Oid element = known ? known->element : 0;
  if (element == 0) return put_literal(v, element, out);
  const auto from = out.size();
  const auto done = put_binary(v, s, element, out);
  if (done != encoding::text) return done;
  out.resize(from);
  return put_literal(v, element, out);
}

} // namespace holdfast::drivers::postgres
