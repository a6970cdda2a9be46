// Who hears what: data goes to standard output, words to people to standard error.
#pragma once

#include <cstdio>
#include <string_view>

namespace holdfast::cli {

/// The exit codes of every command.
enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_warnings = 3, ///< where asked to be strict
};

/// A cheap value. Threads: any; lines do not mix.
class console {
public:
  bool json = false;  ///< standard output is one JSON object
  bool quiet = false; ///< only data and complaints

  /// One line of data.
  void data(std::string_view line) const;
  /// One line for people.
  void say(std::string_view line) const;
  /// The same, said even when quiet.
  void complain(std::string_view line) const;
};

/// Is somebody looking at it who wants more than lines (a terminal that is not "dumb")?
[[nodiscard]] bool is_screen(std::FILE* stream);
/// A screen, and NO_COLOR is not set.
[[nodiscard]] bool wants_color(std::FILE* stream);

} // namespace holdfast::cli
