// What `config check` and `config show` look at: a file's databases, or a URL.
#pragma once

#include <holdfast/config.hpp>

#include <string>
#include <vector>

namespace holdfast::cli {

inline constexpr auto default_config_file = "holdfast.toml";

struct named_report {
  std::string name; ///< the database's, as the file calls it; empty for a URL
  config_report report;
};

/// One database: `name`, or the only one. All of a file's if `all` is set and no name given.
/// A file without a database is a violation of the one report. Opens no database.
[[nodiscard]] std::vector<named_report> examine(const std::string& source, const std::string& name,
                                                bool all);

} // namespace holdfast::cli
