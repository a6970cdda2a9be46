#pragma once

#include <holdfast/options.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// Which database, apart from how it is treated.
struct connection_target {
  /// "postgresql", "sqlite", "mysql" (also for mariadb://), "redis", "rediss", "mongodb",
  /// "mongodb+srv"
  std::string scheme{};
  std::string service{};               ///< PostgreSQL: the service file's section that took part
  std::vector<host_port> hosts{};      ///< empty: the engine's local default
  std::optional<std::uint16_t> port{}; ///< of hosts that name none; empty: the engine's own
  std::string user{};                  ///< at last the operating system's
  std::string database{};              ///< its name; for SQLite the file or ":memory:"
};

/// One option as it came out, and who said so.
struct setting {
  std::string key{};
  std::string value{}; ///< secrets masked
  std::string origin{};
};

/// A database, ready to be opened.
struct database_config {
  connection_target target{};
  database_options options{};
  std::vector<setting> settings{}; ///< every option that this engine has, in the table's order
};

struct file_text {
  std::string text{};
  bool readable_by_others = false;
};

/// Where configuration is read from; a test gives its own.
struct config_sources {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<result<file_text>(const std::string& path)> file;
  std::function<std::string()> system_user; ///< the name of the user that the process runs as
  /// The names of all variables that are set. Without it a misspelt one goes unnoticed.
  std::function<std::vector<std::string>()> variable_names{};

  /// The process's environment and files. Its environment must not change while it is read.
  [[nodiscard]] static config_sources process();
};

/// What came of reading a configuration. `config` is meaningful only without violations.
struct config_report {
  database_config config{};
  std::vector<violation> violations{};
};

// Who wins, from the weakest: the default; PostgreSQL's own PG* variables and service file; the
// preset; the file's [database.NAME]; its [env.ENV]; its [env.ENV.database.NAME]; the environment
// (HOLDFAST_…, DB_RETRY_…); the URL given to `connect`; options given in code.
//
// A URL counts where it is written, above the keys beside it, and replaces a weaker URL whole.
// ENV is HOLDFAST_ENV: development, test or production; unset reads the base sections only.
// A HOLDFAST_… variable that is no option's is a violation, as an unknown key is, unless a
// `password_env` names it.
// A field that code leaves at its default leaves the word to the others.

/// Reads one database of a file; an empty name takes the only one there is. Opens nothing.
[[nodiscard]] config_report examine_config(const std::string& path, std::string_view name,
                                           const config_sources& = config_sources::process());

/// Reads a URL with options over it and the environment under it. Opens nothing.
[[nodiscard]] config_report examine_url(std::string_view url, const database_options& code = {},
                                        const config_sources& = config_sources::process());

/// The names under [database] in a file, sorted.
[[nodiscard]] result<std::vector<std::string>>
database_names(const std::string& path, const config_sources& = config_sources::process());

/// The configuration, or one error (invalid_configuration) that lists every violation.
[[nodiscard]] result<database_config> to_result(config_report report);

/// `examine_config`, or throws `configuration_error` with every violation.
[[nodiscard]] database_config load_config(const std::string& path, std::string_view name = {},
                                          const config_sources& = config_sources::process());

/// User and password for a connect to `host`, read now. May block on a file or the provider.
/// Errors: invalid_configuration, naming the variable or file that gives none.
[[nodiscard]] result<credential> read_credential(const database_config&, const host_port& host,
                                                 const config_sources& = config_sources::process());

} // namespace holdfast
