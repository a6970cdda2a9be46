// The way to a server: its name looked up and its addresses connected to, each by itself.
#pragma once

#include "drivers/checkup.hpp"

#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>

namespace holdfast::drivers {

/// True for a name that has to be looked up: no numeric address and no socket's folder.
[[nodiscard]] bool is_name(const host_port& server) noexcept;

[[nodiscard]] task<name_facts> look_up(runtime& rt, std::string name, deadline until);

/// Opens a TCP connection to a numeric address and closes it again; sends nothing.
[[nodiscard]] task<way_facts> try_way(runtime& rt, std::string address, std::uint16_t port,
                                      deadline until);

} // namespace holdfast::drivers
