// How the types of option fields are read from text, shown, bounded and described.
#pragma once

#include "base/text.hpp"

#include <holdfast/config.hpp>
#include <holdfast/options.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace holdfast::detail {

/// Bounds of a number, in seconds for durations and bytes for sizes.
struct range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool above_low = false;
  bool below_high = false;

  [[nodiscard]] constexpr bool holds(double x) const noexcept {
    return (above_low ? x > low : x >= low) && (below_high ? x < high : x <= high);
  }
};

/// The names of an enumeration's values, in its order.
template <class E>
inline constexpr auto enum_names = nullptr;

template <>
inline constexpr auto enum_names<preset> =
    std::to_array<std::string_view>({"standard", "high_traffic"});
template <>
inline constexpr auto enum_names<start_mode> = std::to_array<std::string_view>({"connect", "lazy"});
template <>
inline constexpr auto enum_names<tls_mode> = std::to_array<std::string_view>(
    {"automatic", "disable", "require", "verify_ca", "verify_full"});
template <>
inline constexpr auto enum_names<jitter> =
    std::to_array<std::string_view>({"proportional", "full", "equal", "decorrelated", "none"});
template <>
inline constexpr auto enum_names<on_outage> =
    std::to_array<std::string_view>({"wait", "fail_fast"});
template <>
inline constexpr auto enum_names<breaker_options::window_kind> =
    std::to_array<std::string_view>({"count", "time"});
template <>
inline constexpr auto enum_names<breaker_options::mode> = std::to_array<std::string_view>(
    {"automatic", "forced_open", "forced_closed", "disabled", "metrics_only"});
template <>
inline constexpr auto enum_names<pool_options::reset_mode> =
    std::to_array<std::string_view>({"if_dirty", "always", "never"});
template <>
inline constexpr auto enum_names<log_format> = std::to_array<std::string_view>({"text", "json"});
template <>
inline constexpr auto enum_names<log_level> =
    std::to_array<std::string_view>({"trace", "debug", "info", "warning", "error"});
template <>
inline constexpr auto enum_names<host_options::wanted> =
    std::to_array<std::string_view>({"read_write", "any"});
template <>
inline constexpr auto enum_names<read> =
    std::to_array<std::string_view>({"primary", "replica_or_primary"});
template <>
inline constexpr auto enum_names<pooler_mode> =
    std::to_array<std::string_view>({"none", "transaction"});
template <>
inline constexpr auto enum_names<sqlite_journal_mode> =
    std::to_array<std::string_view>({"wal", "delete", "truncate", "persist", "memory"});
template <>
inline constexpr auto enum_names<sqlite_synchronous> =
    std::to_array<std::string_view>({"off", "normal", "full", "extra"});

template <class E>
concept named_enum = std::is_enum_v<E> && requires { enum_names<E>.size(); };

using hosts = std::vector<host_port>;
using port = std::optional<std::uint16_t>;

// parse_value: false, and `out` unchanged, if the text is not of the type's form.
bool parse_value(std::string_view text, bool& out);
bool parse_value(std::string_view text, std::uint32_t& out);
bool parse_value(std::string_view text, std::uint64_t& out); ///< a size in bytes
bool parse_value(std::string_view text, double& out);
bool parse_value(std::string_view text, duration& out);
bool parse_value(std::string_view text, std::chrono::seconds& out);
bool parse_value(std::string_view text, port& out);
bool parse_value(std::string_view text, std::string& out);
bool parse_value(std::string_view text, secret& out);
bool parse_value(std::string_view text, hosts& out);

/// The word for "none" of an optional field: no limit on a count, else "off".
template <class T>
inline constexpr std::string_view none_word = std::same_as<T, std::uint32_t> ? "unlimited" : "off";

template <class T>
bool parse_value(std::string_view text, std::optional<T>& out) {
  if (text == none_word<T>) {
    out.reset();
    return true;
  }
  T value{};
  if (!parse_value(text, value)) return false;
  out = value;
  return true;
}

/// The index of `text` among names; '-' counts as '_'.
[[nodiscard]] std::optional<std::size_t>
find_name(std::string_view text, const std::string_view* names, std::size_t count);

template <named_enum E>
bool parse_value(std::string_view text, E& out) {
  const auto at = find_name(text, enum_names<E>.data(), enum_names<E>.size());
  if (at) out = static_cast<E>(*at);
  return at.has_value();
}

// show_value: the text that parse_value would read back; a secret as `***`.
std::string show_value(bool value);
std::string show_value(std::uint32_t value);
std::string show_value(std::uint64_t value);
std::string show_value(double value);
std::string show_value(duration value);
std::string show_value(std::chrono::seconds value);
std::string show_value(const port& value);
std::string show_value(const std::string& value);
std::string show_value(const secret& value);
std::string show_value(const hosts& value);

template <class T>
std::string show_value(const std::optional<T>& value) {
  return value ? show_value(*value) : std::string{none_word<T>};
}

template <named_enum E>
std::string show_value(E value) {
  return std::string{enum_names<E>[static_cast<std::size_t>(value)]};
}

/// What a range bounds; nothing if the value has no size.
template <class T>
std::optional<double> measure(const T& value) {
  if constexpr (std::same_as<T, duration>)
    return std::chrono::duration<double>{value}.count();
  else if constexpr (std::same_as<T, std::chrono::seconds>)
    return static_cast<double>(value.count());
  else if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, bool>)
    return static_cast<double>(value);
  else
    return std::nullopt;
}

template <class T>
std::optional<double> measure(const std::optional<T>& value) {
  return value ? measure(*value) : std::nullopt;
}

// describe<T>: what such an option takes.
std::string describe_count(range bounds);
std::string describe_size(range bounds);
std::string describe_number(range bounds);
std::string describe_duration(range bounds);
std::string describe_names(const std::string_view* names, std::size_t count);

template <class T>
struct description {
  static std::string of(range bounds) {
    if constexpr (std::same_as<T, bool>) return "true or false";
    if constexpr (std::same_as<T, std::uint32_t>) return describe_count(bounds);
    if constexpr (std::same_as<T, std::uint64_t>) return describe_size(bounds);
    if constexpr (std::same_as<T, double>) return describe_number(bounds);
    if constexpr (std::same_as<T, duration>) return describe_duration(bounds);
    if constexpr (std::same_as<T, std::chrono::seconds>)
      return describe_duration(bounds) + ", in whole seconds";
    if constexpr (std::same_as<T, port>) return "a port from 1 to 65535";
    if constexpr (std::same_as<T, std::string>) return "text";
    if constexpr (std::same_as<T, secret>) return "a secret, as text";
    if constexpr (std::same_as<T, hosts>)
      return "hosts as name, name:port, [IPv6]:port or a socket's folder, separated by commas";
    if constexpr (named_enum<T>) return describe_names(enum_names<T>.data(), enum_names<T>.size());
  }
};

template <class T>
  requires(!std::same_as<std::optional<T>, port>)
struct description<std::optional<T>> {
  static std::string of(range bounds) {
    return description<T>::of(bounds) + ", or \"" + std::string{none_word<T>} + "\"";
  }
};

} // namespace holdfast::detail
