// The command line, read. The only neighbour of the parser library is parser.cpp.
#pragma once

#include "cli/command.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::cli {

struct parsed_line {
  std::unique_ptr<command> what; ///< null: print `text` and leave with `code`
  std::string name;              ///< "config check", for messages
  std::string text;
  int code = exit_ok;
  console out;
};

/// Throws usage_error; `asked` then has the words of the command that was meant, if any.
[[nodiscard]] parsed_line parse(std::vector<std::string> words, std::string& asked);

} // namespace holdfast::cli
