#include "cli/config_source.hpp"

#include "cli/arguments.hpp"
#include "cli/target.hpp"

#include <cstdlib>
#include <filesystem>

namespace holdfast::cli {

namespace {

/// As for the other commands: what is not named is holdfast.toml, or else $HOLDFAST_URL.
std::string chosen_source(const std::string& source) {
  if (!source.empty()) return source;
  if (std::filesystem::exists(default_config_file)) return default_config_file;
  const char* variable = std::getenv("HOLDFAST_URL");
  return variable != nullptr && *variable != '\0' ? variable : default_config_file;
}

} // namespace

std::vector<named_report> examine(const std::string& source, const std::string& name, bool all) {
  const std::string from = chosen_source(source);
  if (looks_like_url(from)) {
    if (!name.empty()) throw usage_error("a name goes with a file; a URL is one database");
    return {{"", examine_url(from)}};
  }
  std::vector<named_report> reports;
  if (all && name.empty()) {
    if (const auto names = database_names(from))
      for (const auto& each : *names) reports.push_back({each, examine_config(from, each)});
  }
  if (reports.empty()) reports.push_back({name, examine_config(from, name)});
  return reports;
}

} // namespace holdfast::cli
