// The database that a command is pointed at.
#pragma once

#include "cli/arguments.hpp"
#include "cli/console.hpp"

#include <holdfast/config.hpp>
#include <holdfast/database.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

/// Everything that is wrong with a configuration; the program says it all and ends with 2.
class bad_configuration : public std::exception {
public:
  explicit bad_configuration(std::vector<violation> found) : found_{std::move(found)} {}
  [[nodiscard]] const char* what() const noexcept override { return "bad configuration"; }
  [[nodiscard]] const std::vector<violation>& found() const noexcept { return found_; }

private:
  std::vector<violation> found_;
};

/// What the help of a URL argument says.
inline constexpr std::string_view url_help = "postgresql://…, mysql://… or sqlite:…; - reads it "
                                             "from standard input; without one: $HOLDFAST_URL";

[[nodiscard]] bool looks_like_url(std::string_view text) noexcept;

struct target {
  database_config config;
  std::string shown; ///< its URL without secrets
};

/// Reads what a URL argument says ("-" and "" as in `url_help`), and warns of a password that
/// others can see. Throws bad_configuration, usage_error. Opens nothing.
[[nodiscard]] target read_target(const std::string& argument, const console& out);

/// One connection of its own, no file made, and nothing that would hide a failure.
void make_plain(database_options& o);

/// Opens it with its engine. Throws database_error.
[[nodiscard]] database open(const database_config& config);

[[nodiscard]] usage_error no_such_engine(const std::string& scheme);

} // namespace holdfast::cli
