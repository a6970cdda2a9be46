// Parameters in the binary protocol: checked and bound before anything is sent.
#pragma once

#include <holdfast/result.hpp>
#include <holdfast/value.hpp>

#include <cstdint>
#include <mysql.h>
#include <span>
#include <vector>

namespace holdfast::drivers::mysql {

/// What one statement's parameters are bound to. Reused from call to call, so that a statement that
/// was run before allocates nothing. Texts are not copied: the values must live until the execute.
class parameter_block {
public:
  /// Errors name the position, from 1: parameter_count, parameter_type (array), value_out_of_range
  /// (no number, a date outside the years 0 to 9999, or more bytes than `max_packet`). Nothing was
  /// sent then. The server types each value by itself and converts it.
  [[nodiscard]] result<void> bind(MYSQL_STMT* statement, std::span<const value> values,
                                  std::uint64_t max_packet);

private:
  union cell {
    std::int64_t integer;
    double real;
    MYSQL_TIME time;
  };

  [[nodiscard]] static bool place(MYSQL_BIND& bind, cell& at, const value& v);

  std::vector<MYSQL_BIND> binds_;
  std::vector<cell> cells_;
  bool bound_ = false; // as binds_ says
};

} // namespace holdfast::drivers::mysql
