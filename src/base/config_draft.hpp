// A configuration while it is read: who said what, from the weakest to the strongest. Collecting
// and deciding are apart: files, variables and URLs only add assignments; `resolve` applies them.
#pragma once

#include "base/option.hpp"

#include <holdfast/config.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::detail {

/// Who wins, from the weakest. Documented at config.hpp.
enum class layer : std::uint8_t {
  standard, ///< the default
  service,  ///< PostgreSQL's PG* variables and service file
  preset,
  file,
  file_env,
  file_env_database,
  variable,
  connect_url,
  code,
};

struct assignment {
  const option* what = nullptr;
  secret text{}; ///< whatever the option: one type, one wiping
  std::string origin{};
  layer from = layer::standard;
  unit reads = unit::none;
  bool shared = false; ///< said to all databases: passed over where the option does not apply
};

struct written_url {
  secret text{};
  std::string origin{}; ///< empty for the URL given to `connect`
  layer from = layer::standard;
};

struct draft {
  std::string name{}; ///< of the section
  std::vector<assignment> assignments{};
  std::vector<written_url> urls{};
  std::vector<violation> violations{};
  std::vector<std::string> password_variables{}; ///< that any section of the file names
};

/// Everything but the file: HOLDFAST_… and the aliases that are as strong.
void collect_variables(const config_sources& from, draft& into);

/// HOLDFAST_… variables that no option has and no `password_env` names. They can only be told once
/// all else is collected.
void reject_unknown_variables(const config_sources& from, draft& into);

/// The sections of one database, for HOLDFAST_ENV.
void collect_file(const std::string& path, std::string_view name, const config_sources& from,
                  draft& into);

/// PG* variables, below everything; then the service file's section, if one is named.
void collect_libpq_variables(const config_sources& from, draft& into);
void collect_service(const std::string& service, const std::string& origin,
                     const config_sources& from, draft& into);

/// By key or by a parameter alias; null, and a violation, if there is none.
const option* expect_option(std::string_view written, const std::string& origin, unit& reads,
                            bool url_parameter, draft& into);

/// Applies all of it. `code` is what connect() was given beside its URL.
[[nodiscard]] config_report resolve(draft from, const database_options& code,
                                    const config_sources& sources);

/// A value as a violation shows it: quoted, short, printable, and masked if it might be a secret.
[[nodiscard]] std::string shown(const option& what, std::string_view text);
[[nodiscard]] std::string shown(std::string_view text);

} // namespace holdfast::detail
