#pragma once

#include <holdfast/value.hpp>

#include <libpq-fe.h>
#include <string_view>

namespace holdfast::drivers::postgres {

/// Further dimensions become arrays within arrays; lower bounds other than 1 are lost.
[[nodiscard]] bool decode_array_binary(std::string_view in, Oid element, value& out);
/// `{1,NULL,"a \"b\""}`, nested, with or without `[2:3]=` before it.
[[nodiscard]] bool decode_array_text(std::string_view in, Oid element, value& out);

} // namespace holdfast::drivers::postgres
