#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace holdfast {

/// The trace id of W3C Trace Context: 32 lower-case hex digits, not all zero. A plain value; the
/// library makes one for an operation that brings none. It writes no `traceparent` header itself.
struct trace_id {
  std::array<char, 32> digits;

  [[nodiscard]] constexpr std::string_view view() const noexcept {
    return {digits.data(), digits.size()};
  }
  friend constexpr bool operator==(const trace_id&, const trace_id&) noexcept = default;
};

/// From 128 random bits. Two zeros, which W3C forbids, give …0001.
[[nodiscard]] trace_id make_trace_id(std::uint64_t high, std::uint64_t low) noexcept;

/// Whether `text` may stand as the trace-id field of a traceparent.
[[nodiscard]] bool is_trace_id(std::string_view text) noexcept;

} // namespace holdfast
