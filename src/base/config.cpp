#include "base/config_draft.hpp"

#include <holdfast/config.hpp>

#include <utility>

namespace holdfast {

config_report examine_config(const std::string& path, std::string_view name,
                             const config_sources& sources) {
  detail::draft draft;
  detail::collect_file(path, name, sources, draft);
  detail::collect_variables(sources, draft);
  return detail::resolve(std::move(draft), {}, sources);
}

config_report examine_url(std::string_view url, const database_options& code,
                          const config_sources& sources) {
  detail::draft draft;
  detail::collect_variables(sources, draft);
  draft.urls.push_back({secret{url}, {}, detail::layer::connect_url});
  return detail::resolve(std::move(draft), code, sources);
}

result<database_config> to_result(config_report report) {
  const auto& found = report.violations;
  if (found.empty()) return std::move(report.config);
  std::string text = found.size() == 1
                         ? std::string{"the configuration has a fault"}
                         : "the configuration has " + std::to_string(found.size()) + " faults";
  for (const auto& each : found) text += "\n  " + to_string(each);
  return make_error(errc::invalid_configuration, std::move(text));
}

database_config load_config(const std::string& path, std::string_view name,
                            const config_sources& sources) {
  return to_result(examine_config(path, name, sources)).value();
}

} // namespace holdfast
