// The way to a server: its name looked up and its addresses connected to, each by itself.
#pragma once

#include "drivers/checkup.hpp"

#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>

#include <utility>

namespace holdfast::drivers {

/// True for a name that has to be looked up: no numeric address and no socket's folder.
[[nodiscard]] bool is_name(const host_port& server) noexcept;

[[nodiscard]] task<name_facts> look_up(runtime& rt, std::string name, deadline until);

/// An open socket, closed with this object.
class open_socket {
public:
  explicit open_socket(int descriptor = -1) noexcept : descriptor_{descriptor} {}
  open_socket(open_socket&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  open_socket& operator=(open_socket&&) = delete;
  ~open_socket();
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
  int descriptor_;
};

/// A connected, non-blocking TCP socket to a numeric address; an empty one if there is none to be
/// had until then.
[[nodiscard]] task<open_socket> open_way(runtime& rt, std::string address, std::uint16_t port,
                                         deadline until);

/// Opens a TCP connection to a numeric address and closes it again; sends nothing.
[[nodiscard]] task<way_facts> try_way(runtime& rt, std::string address, std::uint16_t port,
                                      deadline until);

} // namespace holdfast::drivers
