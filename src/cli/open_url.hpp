// A database of whatever engine a URL or a path names.
#pragma once

#include <holdfast/config.hpp>
#include <holdfast/database.hpp>

#include <string>

namespace holdfast::cli {

/// Reads it like `connect` does, without opening anything. Throws configuration_error.
[[nodiscard]] database_config read_url(const std::string& url, const database_options& over = {});
/// Throws database_error.
[[nodiscard]] database open_config(const database_config& config);

} // namespace holdfast::cli
