// One value into the bytes of one parameter.
#pragma once

#include "drivers/postgres/errors.hpp"

#include <holdfast/value.hpp>

#include <cstdint>
#include <libpq-fe.h>
#include <string>
#include <string_view>

namespace holdfast::drivers::postgres {

enum class encoding : std::uint8_t {
  binary, ///< done, in binary form
  text,   ///< done, in text form
  wrong_type,
  malformed, ///< a text that is not written as the type is
  out_of_range,
  holds_nul,
};

/// Appends the parameter to `out`, or points `in_place` into `v` where its own bytes will do (in
/// text form those end with a NUL). `v` is not null.
[[nodiscard]] encoding encode_parameter(const value& v, Oid type, std::string& out,
                                        std::string_view& in_place);

/// A text as PostgreSQL's array literals quote it.
void quote_element(std::string_view text, std::string& out);

} // namespace holdfast::drivers::postgres
