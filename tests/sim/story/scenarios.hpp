// Every kind of story that there is.
#pragma once

#include "sim/story/plan.hpp"

#include <span>

namespace holdfast::sim {

/// How a stack is configured.
enum class flavour : std::uint8_t { any, wait, fail_fast, crowded };

[[nodiscard]] ending play_stack(const plan& p, flavour f);
[[nodiscard]] ending play_pool(const plan& p);

[[nodiscard]] std::span<const scenario> scenarios();
/// Null if there is none of that name.
[[nodiscard]] const scenario* find_scenario(std::string_view name);

} // namespace holdfast::sim
