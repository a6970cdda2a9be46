// The one option table. A row binds a key to a field of `database_config`; from it come the URL
// parameter, the environment variable, TOML, `config show` and the reference page. Defaults are
// never written here: they are what a `database_config` is born with.
#pragma once

#include "base/option_codec.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace holdfast::detail {

/// Which databases have the option.
enum class applies_to : std::uint8_t { all, network, postgres, mysql, redis, sqlite };

/// How a bare number under an alias is meant.
enum class unit : std::uint8_t { none, seconds };

struct option {
  std::string key;      ///< "pool.max_size"; also the URL parameter
  std::string variable; ///< "HOLDFAST_POOL_MAX_SIZE"
  applies_to where = applies_to::all;
  bool is_secret = false;
  bool is_text = false; ///< TOML must give a string
  std::string takes;
  std::string help;
  range bounds{};

  /// False, and nothing changed, if the text is not of the option's form. Bounds are not looked at.
  bool (*read)(database_config&, std::string_view text) = nullptr;
  std::string (*show)(const database_config&) = nullptr;
  bool (*in_bounds)(const database_config&, range) = nullptr;
  bool (*same)(const database_config&, const database_config&) = nullptr;
  void (*copy)(const database_config& from, database_config& to) = nullptr;
};

/// Another name of an option.
struct alias {
  enum class kind : std::uint8_t {
    parameter, ///< of a URL or a service file
    variable,  ///< as strong as HOLDFAST_…
    libpq,     ///< a PG* variable: PostgreSQL only, and weaker than everything but the default
  };
  kind what;
  std::string_view name;
  std::string_view key;
  unit reads = unit::none;
};

[[nodiscard]] const std::vector<option>& option_table();
[[nodiscard]] std::span<const alias> option_aliases() noexcept;

/// What a preset sets: key and text.
struct preset_value {
  std::string_view key;
  std::string_view text;
};
[[nodiscard]] std::span<const preset_value> preset_values(preset which) noexcept;

/// By key; null if there is none.
[[nodiscard]] const option* find_option(std::string_view key) noexcept;

/// Whether databases of this URL scheme have the option. An empty scheme has all.
[[nodiscard]] bool applies(const option& what, std::string_view scheme) noexcept;

/// Whether the library knows the scheme at all.
[[nodiscard]] std::span<const std::string_view> known_schemes() noexcept;
[[nodiscard]] bool is_postgres(std::string_view scheme) noexcept;
/// One name of those that stand for the same: "postgresql" for "postgres", "mysql" for "mariadb".
[[nodiscard]] std::string_view first_name(std::string_view scheme) noexcept;
/// Who names no user logs in as the operating system's.
[[nodiscard]] bool takes_system_user(std::string_view scheme) noexcept;

/// `read`, after turning a bare number into what the alias means by it.
[[nodiscard]] bool read_option(const option& what, unit reads, std::string_view text,
                               database_config& out);

/// Everything that is out of bounds or does not fit together, in the table's order.
/// `origin_of(key)` tells where a value came from.
[[nodiscard]] std::vector<violation>
validate_config(const database_config& config,
                const std::function<std::string(std::string_view key)>& origin_of);

/// The reference page, as Markdown.
[[nodiscard]] std::string options_reference();

} // namespace holdfast::detail
