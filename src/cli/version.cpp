#include "cli/command.hpp"
#include "cli/json.hpp"

#include <holdfast/version.hpp>

#include <fmt/format.h>

namespace holdfast::cli {

namespace {

std::string compiler() {
#ifdef __clang__
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

} // namespace

std::string version_text(bool json) {
  if (json) {
    json_object engines;
    engines.add("sqlite", HOLDFAST_SQLITE_VERSION).add("postgresql", HOLDFAST_LIBPQ_VERSION);
    engines.add("mysql", HOLDFAST_MARIADB_VERSION);
    json_object all;
    all.add("version", version).add("compiler", compiler()).add("engines", engines);
    return all.text();
  }
  return fmt::format("holdfast {}\ncompiler {}\nengines  sqlite (library {}), postgresql (libpq "
                     "{}), mysql (MariaDB "
                     "Connector/C {})",
                     version, compiler(), HOLDFAST_SQLITE_VERSION, HOLDFAST_LIBPQ_VERSION,
                     HOLDFAST_MARIADB_VERSION);
}

} // namespace holdfast::cli
