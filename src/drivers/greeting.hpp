// Who listens at an address, where a login made no sense: perhaps another engine's server.
#pragma once

#include "drivers/connect_errors.hpp"

#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace holdfast::drivers {

enum class protocol : std::uint8_t { unknown, postgresql, mysql };

/// Looks at what a server says first, on a connection of its own; `asks`: and if it says nothing
/// for a moment, puts PostgreSQL's question for TLS, which other engines take for a broken login
/// and may count as one. Ends in `unknown` at the deadline.
[[nodiscard]] task<protocol> who_answers(runtime& rt, std::string address, std::uint16_t port,
                                         bool asks, deadline until);

/// The same from the first bytes that came.
[[nodiscard]] protocol protocol_of(std::span<const unsigned char> greeting) noexcept;

/// A server of another engine than `wanted` is there: nothing but another URL helps.
[[nodiscard]] error other_engine_error(protocol found, protocol wanted, const connect_target& to);

} // namespace holdfast::drivers
