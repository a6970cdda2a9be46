// The table of cases: what every engine promises behind the facade, one rule each.
#pragma once

#include "conformance/trial.hpp"

#include <span>

namespace holdfast::conformance {

struct test_case {
  std::string_view name;
  void (*run)(trial&) = nullptr;
  need needs = need::nothing;
};

[[nodiscard]] std::span<const test_case> connect_cases() noexcept;
[[nodiscard]] std::span<const test_case> pool_cases() noexcept;
[[nodiscard]] std::span<const test_case> transaction_cases() noexcept;
[[nodiscard]] std::span<const test_case> deadline_cases() noexcept;
[[nodiscard]] std::span<const test_case> error_cases() noexcept;
[[nodiscard]] std::span<const test_case> outcome_cases() noexcept;
[[nodiscard]] std::span<const test_case> key_cases() noexcept;
[[nodiscard]] std::span<const test_case> outage_cases() noexcept;
[[nodiscard]] std::span<const test_case> session_cases() noexcept;
[[nodiscard]] std::span<const test_case> value_cases() noexcept;
[[nodiscard]] std::span<const test_case> result_cases() noexcept;
[[nodiscard]] std::span<const test_case> watch_cases() noexcept;

/// All of them, in the order of the table.
[[nodiscard]] std::span<const test_case> cases();

} // namespace holdfast::conformance
