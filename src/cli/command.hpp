#pragma once

#include "cli/arguments.hpp"
#include "cli/console.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace holdfast::cli {

/// One command of the program. `declare` is called once, then `run` at most once.
class command {
public:
  virtual ~command() = default;
  virtual void declare(arguments& takes) = 0;
  /// The exit code. May throw usage_error, bad_configuration and database_error.
  virtual int run(const console& out) = 0;
};

struct command_entry {
  std::string_view path; ///< "wait", "config check"
  std::string_view summary;
  std::string_view examples; ///< lines; help begins with them
  std::unique_ptr<command> (*make)();
  bool hidden = false; ///< for the program's own use
};

// One file a command.
[[nodiscard]] std::unique_ptr<command> make_demo();
[[nodiscard]] std::unique_ptr<command> make_demo_intruder();
[[nodiscard]] std::unique_ptr<command> make_wait();
[[nodiscard]] std::unique_ptr<command> make_ping();
[[nodiscard]] std::unique_ptr<command> make_doctor();
[[nodiscard]] std::unique_ptr<command> make_operation_table();
[[nodiscard]] std::unique_ptr<command> make_config_check();
[[nodiscard]] std::unique_ptr<command> make_config_show();
[[nodiscard]] std::unique_ptr<command> make_chaos();

/// What the program can do, in the order that help shows.
[[nodiscard]] std::span<const command_entry> commands() noexcept;

/// What `--version` prints.
[[nodiscard]] std::string version_text(bool json);

} // namespace holdfast::cli
