// The one place that knows TOML: a file becomes a flat list of what stands where.
#pragma once

#include <holdfast/options.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast::detail {

struct file_entry {
  enum class kind : std::uint8_t {
    table,
    text, ///< a string, or an array of strings joined by commas
    bare, ///< a number or a boolean
    other,
  };
  std::vector<std::string> path; ///< {"database", "shop", "pool", "max_size"}
  kind what = kind::other;
  secret value;       ///< whether it is one is known only once the key is
  std::string origin; ///< "holdfast.toml:12"
};

/// The entries, sorted by key, or what is wrong with its form (with line and column,
/// and without a word of the value).
[[nodiscard]] std::variant<std::vector<file_entry>, violation>
parse_config_file(std::string_view text, const std::string& file);

} // namespace holdfast::detail
