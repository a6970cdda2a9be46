// Parameters as bytes, for a journal that outlives the program. Each value keeps its type to the
// last bit. The form is this library's own, with a version in front.
#pragma once

#include <holdfast/result.hpp>
#include <holdfast/value.hpp>

#include <span>
#include <vector>

namespace holdfast::detail {

[[nodiscard]] bytes encode_values(std::span<const value> values);
/// Errors: invalid_data, for anything that `encode_values` does not write, and for arrays in arrays
/// deeper than 32.
[[nodiscard]] result<std::vector<value>> decode_values(std::span<const std::byte> from);

} // namespace holdfast::detail
