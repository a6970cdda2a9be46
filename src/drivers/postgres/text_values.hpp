// Cells in the server's text form, with DateStyle ISO and bytea_output hex: rows that hold a type
// whose binary form we do not read come as text.
#pragma once

#include <holdfast/value.hpp>

#include <libpq-fe.h>
#include <string_view>

namespace holdfast::drivers::postgres {

/// One cell. False if the text is not written as the type is, or if our type cannot hold the value.
/// A type that is not listed gives text.
[[nodiscard]] bool decode_text(std::string_view text, Oid type, value& out);

} // namespace holdfast::drivers::postgres
