// Another process that has written to a SQLite file in an open transaction: for an embedded engine
// what stands in the way of callers is no server, but that.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace holdfast::conformance {

inline constexpr const char* hold_command = "--hold"; ///< of our own program, with a file

/// Threads: one user.
class intruder {
public:
  /// Returns when it holds the write lock. Throws std::runtime_error.
  intruder(const std::string& file, const std::filesystem::path& report);
  ~intruder() { kill_hard(); }
  intruder(const intruder&) = delete;
  intruder& operator=(const intruder&) = delete;

  void pause();  ///< SIGSTOP
  void let_go(); ///< wakes it if it is paused; it commits and ends
  void kill_hard();

private:
  pid_t pid_ = 0;
};

/// What the other process does. Its exit code.
[[nodiscard]] int hold_write_lock(const std::string& file);

} // namespace holdfast::conformance
