// Environment and files as a test gives them.
#pragma once

#include <holdfast/config.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace holdfast::testing {

struct fake_sources {
  std::map<std::string, std::string> variables{};
  std::map<std::string, std::string> files{};
  bool files_open_to_others = false;

  [[nodiscard]] config_sources sources() const {
    return {[this](const std::string& name) -> std::optional<std::string> {
              const auto at = variables.find(name);
              if (at == variables.end()) return std::nullopt;
              return at->second;
            },
            [this](const std::string& path) -> result<file_text> {
              const auto at = files.find(path);
              if (at == files.end())
                return make_error(errc::invalid_configuration,
                                  "cannot read " + path + ": No such file or directory");
              return file_text{at->second, files_open_to_others};
            },
            [] { return std::string{"alice"}; },
            [this] {
              std::vector<std::string> names;
              for (const auto& each : variables) names.push_back(each.first);
              return names;
            }};
  }
};

inline setting setting_of(const database_config& c, std::string_view key) {
  const auto at = std::find_if(c.settings.begin(), c.settings.end(),
                               [&](const setting& s) { return s.key == key; });
  return at == c.settings.end() ? setting{"no such setting"} : *at;
}

inline const violation* violation_of(const config_report& r, std::string_view key) {
  const auto at = std::find_if(r.violations.begin(), r.violations.end(),
                               [&](const violation& v) { return v.key == key; });
  return at == r.violations.end() ? nullptr : &*at;
}

inline std::string all_violations(const config_report& r) {
  std::string text;
  for (const auto& each : r.violations) text += to_string(each) + "\n";
  return text;
}

} // namespace holdfast::testing
