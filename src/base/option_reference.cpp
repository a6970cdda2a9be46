#include "base/option.hpp"

#include <algorithm>
#include <array>

namespace holdfast::detail {
namespace {

constexpr std::string_view opening =
    R"(# Options

Generated from the option table; a test compares. Every option has one key, used in a file and as a
URL parameter (`?pool.max_size=40`), and one environment variable.

## Who wins

From the weakest to the strongest:

1. the default;
2. for PostgreSQL its own PG* variables, then the section of its service file;
3. the preset;
4. `[database.NAME]` in the file;
5. `[env.ENV]`, for all databases, where ENV is `HOLDFAST_ENV` (`development`, `test` or
   `production`; unset: none);
6. `[env.ENV.database.NAME]`;
7. environment variables; an empty one counts as unset;
8. the URL given to `connect`;
9. options given in code; a field left at its default leaves the word to the others.

A URL counts where it is written, above the keys beside it, and replaces a weaker URL whole:
`url` in the file is overruled by `HOLDFAST_POOL_MAX_SIZE`, a URL given to `connect` is not.
A stronger place for the password replaces a weaker one.

    [database.shop]
    url = "postgresql://app@db.example/shop"
    password_file = "/run/secrets/shop"
    pool.max_size = 40

    [env.test.database.shop]
    url = "sqlite::memory:"

    [env.production]
    preset = "high_traffic"

Everything that is wrong is told at once: key, place, what was given (secrets masked) and what it
takes. Unknown keys are errors, and so are unknown variables whose names begin with `HOLDFAST_`, but
for those that a `password_env` names. `PGHOSTADDR` is refused where it would count: name the address
as the host.

## Forms

A duration has a unit: `ns`, `us`, `ms`, `s`, `min`, `h`, `d`; fractions are allowed (`1.5s`). A size
has one of `B`, `KiB`, `MiB`, `GiB`. Zero never means "for ever"; `off` and `unlimited` are words.
)";

constexpr std::array<std::string_view, 6> engine_names{
    "", "all but SQLite", "PostgreSQL", "MySQL and MariaDB", "Redis", "SQLite"};

std::string code(std::string_view text) { return "`" + std::string{text} + "`"; }

std::string shown_default(const option& row) {
  const auto text = row.show(database_config{});
  return text.empty() ? "empty" : code(text);
}

void add_row(const option& row, std::string& page) {
  page += "\n### " + code(row.key) + "\n\n" + row.help + "\n\n";
  page += "- takes " + row.takes + "\n";
  page += "- default: " + shown_default(row) + "\n";
  page += "- variable: " + code(row.variable);
  std::string parameters;
  for (const auto& other : option_aliases()) {
    if (other.key != row.key) continue;
    const std::string unit_text = other.reads == unit::seconds ? " (seconds)" : "";
    auto& list = other.what == alias::kind::parameter ? parameters : page;
    list += ", " + code(other.name) + unit_text;
  }
  page += "\n";
  if (!parameters.empty()) page += "- also as URL parameter: " + parameters.substr(2) + "\n";
  if (row.where != applies_to::all)
    page += "- for: " + std::string{engine_names[static_cast<std::size_t>(row.where)]} + "\n";
}

void add_presets(std::string& page) {
  page += "\n## Presets\n\n`standard` sets nothing. `high_traffic` sets:\n\n";
  for (const auto& each : preset_values(preset::high_traffic))
    page += "- " + code(each.key) + " = " + code(each.text) + "\n";
}

} // namespace

std::string options_reference() {
  std::string page{opening};
  add_presets(page);
  std::string group;
  for (const auto& row : option_table()) {
    const auto dot = row.key.find('.');
    const std::string here = dot == std::string::npos ? "The database" : row.key.substr(0, dot);
    if (here != group) page += "\n## " + here + "\n";
    group = here;
    add_row(row, page);
  }
  return page;
}

} // namespace holdfast::detail
