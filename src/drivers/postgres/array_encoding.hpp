#pragma once

#include "drivers/postgres/scalar_encoding.hpp"

namespace holdfast::drivers::postgres {

/// An array parameter: in binary form where every element has one, else as a literal. Arrays within
/// arrays are further dimensions and must all be of one size. For an array type that is not listed
/// (of an enum, say) the elements are strings.
[[nodiscard]] encoding encode_array(const value_array& v, Oid type, std::string& out);

/// What the server can hold: all arrays of one depth have one size.
[[nodiscard]] bool is_rectangular(const value_array& v) noexcept;

} // namespace holdfast::drivers::postgres
