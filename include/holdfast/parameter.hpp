#pragma once

#include <holdfast/value.hpp>

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace holdfast {

/// Makes a parameter of a C++ value. To teach it a type of your own, add an overload of
/// `to_parameter` beside that type.
template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>)
value to_parameter(T v) {
  // What a signed 64-bit integer cannot hold goes as decimal digits: the engine judges the range.
  if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(std::int64_t))
    if (v > static_cast<T>(std::numeric_limits<std::int64_t>::max()))
      return numeric{std::to_string(v)};
  return static_cast<std::int64_t>(v);
}

template <std::same_as<bool> T>
value to_parameter(T v) {
  return v;
}

template <std::floating_point T>
value to_parameter(T v) {
  return static_cast<double>(v);
}

template <class T>
  requires std::convertible_to<const T&, std::string_view>
value to_parameter(const T& v) {
  return std::string{std::string_view{v}};
}

inline value to_parameter(std::nullopt_t) { return null_t{}; }
inline value to_parameter(std::nullptr_t) { return null_t{}; }
inline value to_parameter(const value& v) { return v; }
inline value to_parameter(const uuid& v) { return v; }
inline value to_parameter(const numeric& v) { return v; }
inline value to_parameter(const json_text& v) { return v; }
inline value to_parameter(date v) { return v; }
inline value to_parameter(time_of_day v) { return v; }
inline value to_parameter(const boost::json::value& v) {
  return json_text{boost::json::serialize(v)};
}
inline value to_parameter(std::span<const std::byte> v) { return bytes{v.begin(), v.end()}; }
inline value to_parameter(const bytes& v) { return v; }

/// Finer than a microsecond is rounded down: no engine stores it.
template <class D>
  requires(!std::same_as<std::chrono::sys_time<D>, date>)
value to_parameter(std::chrono::sys_time<D> v) {
  return timestamp{std::chrono::floor<std::chrono::microseconds>(v)};
}

template <class T>
value to_parameter(const std::optional<T>& v) {
  return v ? to_parameter(*v) : value{null_t{}};
}

template <class T>
  requires(!std::same_as<T, std::byte>)
value to_parameter(const std::vector<T>& items) {
  value_array out;
  out.reserve(items.size());
  for (const T& item : items) out.push_back(to_parameter(item));
  return out;
}

/// The parameters of one call, in order.
template <class... Args>
std::array<value, sizeof...(Args)> to_parameters(const Args&... args) {
  return {to_parameter(args)...};
}

} // namespace holdfast
