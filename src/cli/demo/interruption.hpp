#pragma once

#include <csignal>

namespace holdfast::cli::demo {

/// While it lives, Ctrl-C and SIGTERM only set a flag, so that the books are still checked and all
/// that was made is removed; a reader that goes away is no reason to die. One at a time.
class interruption {
public:
  interruption();
  ~interruption();
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;
  [[nodiscard]] static bool came() noexcept;

private:
  struct sigaction interrupt_ {};
  struct sigaction terminate_ {};
  struct sigaction pipe_ {};
};

} // namespace holdfast::cli::demo
