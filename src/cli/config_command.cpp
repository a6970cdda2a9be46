#include "cli/commands.hpp"

#include <holdfast/config.hpp>
#include <holdfast/exceptions.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fmt/format.h>

namespace holdfast::cli {

namespace {

bool is_url(const std::string& source) {
  return source.find("://") != std::string::npos || source.starts_with("sqlite:");
}

/// All that is wrong, one line each. False if anything is.
bool print_violations(const std::vector<violation>& list, const std::string& source) {
  for (const violation& v : list)
    fmt::print(stderr, "holdfast: {}: {}\n", is_url(source) ? "URL" : source, to_string(v));
  return list.empty();
}

config_report examine(const config_options& options, const std::string& name) {
  return is_url(options.source) ? examine_url(options.source)
                                : examine_config(options.source, name);
}

std::vector<std::string> names_to_check(const config_options& options) {
  if (is_url(options.source) || !options.name.empty()) return {options.name};
  auto all = database_names(options.source).value();
  if (all.empty()) all.emplace_back(); // says that there is none
  return all;
}

} // namespace

int run_config_check(const config_options& options) {
  bool good = true;
  for (const std::string& name : names_to_check(options)) {
    const config_report report = examine(options, name);
    good = print_violations(report.violations, options.source) && good;
    if (report.violations.empty() && !options.out.quiet)
      fmt::print(stderr, "holdfast: {}{} is sound\n", is_url(options.source) ? "the URL" : name,
                 report.config.target.scheme.empty() ? ""
                                                     : " (" + report.config.target.scheme + ")");
  }
  return good ? exit_code::ok : exit_code::usage;
}

int run_config_show(const config_options& options) {
  const config_report report = examine(options, options.name);
  if (!print_violations(report.violations, options.source)) return exit_code::usage;
  if (options.out.json) {
    boost::json::array rows;
    for (const setting& s : report.config.settings)
      rows.push_back({{"key", s.key}, {"value", s.value}, {"origin", s.origin}});
    fmt::print("{}\n", boost::json::serialize(rows));
    return exit_code::ok;
  }
  std::size_t widest = 0;
  for (const setting& s : report.config.settings) widest = std::max(widest, s.key.size());
  for (const setting& s : report.config.settings)
    fmt::print("{:<{}} = {}{}\n", s.key, widest, s.value,
               options.origin ? "    # " + s.origin : "");
  return exit_code::ok;
}

} // namespace holdfast::cli
