#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <charconv>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace holdfast {

/// How the result of a keyed operation is stored beside its key, as JSON. Works for whatever
/// Boost.JSON converts both ways: scalars, strings, optionals, containers, tuples; register a type
/// of your own with `tag_invoke`, as Boost.JSON describes.
template <class T>
concept storable_result = std::is_void_v<T> || (boost::json::has_value_from<T>::value &&
                                                boost::json::has_value_to<T>::value);

namespace detail {

template <class T>
std::string encode_result(const T& v) {
  return boost::json::serialize(boost::json::value_from(v));
}

/// False if the text is not what `encode_result<T>` writes.
template <class T>
bool decode_result(std::string_view text, T& out) {
  // Boost.JSON 1.81 reads a number with many digits one bit off, and not the Infinity and NaN that
  // it writes: a number alone is read by ourselves.
  if constexpr (std::is_floating_point_v<T>) {
    T number{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed == std::errc{} && end == text.data() + text.size()) {
      out = number;
      return true;
    }
  }
  boost::system::error_code failed;
  const auto parsed =
      boost::json::parse(boost::json::string_view{text.data(), text.size()}, failed);
  if (failed) return false;
  auto converted = boost::json::try_value_to<T>(parsed);
  if (!converted) return false;
  out = std::move(*converted);
  return true;
}

} // namespace detail
} // namespace holdfast
