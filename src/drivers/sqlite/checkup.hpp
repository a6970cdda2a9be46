// What `holdfast doctor` asks of an SQLite file, and what it makes of the answers.
#pragma once

#include "drivers/checkup.hpp"
#include "drivers/sqlite/driver.hpp"
#include "drivers/sqlite/opening.hpp"

#include <holdfast/runtime.hpp>
#include <holdfast/task.hpp>

#include <optional>
#include <string>
#include <vector>

namespace holdfast::drivers::sqlite {

/// A check that reads the whole file: what it found, or why it has no answer.
struct long_check {
  std::vector<std::string> found{}; ///< the first of what is wrong
  std::optional<error> failure{};
  duration took{};
};

struct file_facts {
  std::string path;
  path_facts place{};
  std::string library{}; ///< "3.40.1"
  /// From here on only if the file is there. Without `failure` it could be read.
  std::optional<error> failure{};
  std::string journal_mode{};
  bool has_operation_table = false;
  long_check integrity{};
  long_check references{}; ///< rows whose foreign key leads nowhere
};

/// Changes nothing: opening the file as the options say may change its journal mode. Long checks
/// are broken off when half of what is left is over. Never fails.
[[nodiscard]] task<file_facts> ask_for_facts(runtime& rt, const settings& s, deadline until);

/// Every row about a file. What does not apply is left out. Pure.
[[nodiscard]] findings judge(const file_facts& f, const yardstick& by);

/// Both in one. `s` must outlive it.
[[nodiscard]] task<checkup> check_up(runtime& rt, const settings& s, const yardstick& by,
                                     deadline until);

} // namespace holdfast::drivers::sqlite
