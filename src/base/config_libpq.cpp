// PostgreSQL's service file: "[section]" and lines of "parameter=value".
#include "base/config_draft.hpp"

#include <optional>

namespace holdfast::detail {
namespace {

constexpr std::string_view file_variable = "PGSERVICEFILE";

std::optional<std::string> service_path(const config_sources& from) {
  if (auto path = from.variable(std::string{file_variable}); path && !path->empty()) return path;
  const auto home = from.variable("HOME");
  if (!home || home->empty()) return std::nullopt;
  return *home + "/.pg_service.conf";
}

void collect_line(std::string_view line, const std::string& origin, draft& into) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) {
    into.violations.push_back({"service", origin, "a line without '='", "parameter=value"});
    return;
  }
  unit reads{};
  const auto* what = expect_option(trim(line.substr(0, equals)), origin, reads, true, into);
  if (what == nullptr) return;
  if (what->key == "service") {
    into.violations.push_back(
        {"service", origin, "a service inside a service", "parameters of one connection only"});
    return;
  }
  into.assignments.push_back(
      {what, secret{trim(line.substr(equals + 1))}, origin, layer::service, reads});
}

// True if the section was there.
bool collect_section(std::string_view text, const std::string& service, const std::string& path,
                     draft& into) {
  bool found = false;
  bool inside = false;
  int number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      inside = line == "[" + service + "]";
      found = found || inside;
      continue;
    }
    if (inside) collect_line(line, path + ":" + std::to_string(number), into);
  }
  return found;
}

} // namespace

void collect_service(const std::string& service, const std::string& origin,
                     const config_sources& from, draft& into) {
  const auto path = service_path(from);
  if (!path) {
    into.violations.push_back({"service", origin, "\"" + shown(service) + "\"",
                               "a service file, named by PGSERVICEFILE"});
    return;
  }
  auto file = from.file(*path);
  if (!file) {
    into.violations.push_back({"service", origin, "\"" + shown(service) + "\"",
                               "a service file that can be read: " + file.error().message});
    return;
  }
  if (!collect_section(file->text, service, *path, into))
    into.violations.push_back(
        {"service", origin, "\"" + shown(service) + "\"", "a section of " + *path});
  wipe(file->text);
}

} // namespace holdfast::detail
