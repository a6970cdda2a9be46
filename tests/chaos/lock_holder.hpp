// Another process that holds the write lock of a SQLite file, in the middle of a transaction.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace holdfast::matrix {

/// What the process itself does: `chaos --hold-lock FILE`. Its rows have negative ids; when it is
/// told to end it takes them back.
inline constexpr auto hold_lock_word = "--hold-lock";
int hold_lock(const std::string& file);

/// The parent's end. One user at a time.
class lock_holder {
public:
  /// Returns when the lock is held. Throws std::runtime_error.
  lock_holder(const std::filesystem::path& folder, const std::string& file);
  ~lock_holder();
  lock_holder(const lock_holder&) = delete;
  lock_holder& operator=(const lock_holder&) = delete;

  void pause();
  void resume();
  /// It gives the lock up, and ends.
  void release();
  /// SIGKILL, and waits until it is gone.
  void kill_hard();

private:
  void end(int signal);

  pid_t pid_ = 0;
};

} // namespace holdfast::matrix
