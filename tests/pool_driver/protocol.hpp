// The lines that the driver understands, checked and typed.
#pragma once

#include "pool_driver/scripted.hpp"

#include <holdfast/pool_options.hpp>

#include <boost/json/object.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::pool_driver {

/// A line that is not a command; answered with the error "protocol" and this message.
struct protocol_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct create_command {
  pool_options options;
  std::vector<scripted_step> connects;
  bool clear_on_connect_error = false;
};

/// Throws protocol_error on a key that it does not know, a wrong type, or options that contradict
/// each other.
[[nodiscard]] create_command parse_create(const boost::json::object& line);

/// A field of a command; the default if it is absent or null. Throws protocol_error.
[[nodiscard]] std::string text_field(const boost::json::object& line, std::string_view key,
                                     std::string_view otherwise);
[[nodiscard]] bool flag_field(const boost::json::object& line, std::string_view key);

} // namespace holdfast::pool_driver
