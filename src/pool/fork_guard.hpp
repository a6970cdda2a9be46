// Tells whether this process is the child of a fork, without a system call: the kernel wipes the
// guard's page in every child.
#pragma once

#include <atomic>
#include <sys/types.h>

namespace holdfast::detail {

class fork_guard {
public:
  fork_guard();
  ~fork_guard();
  fork_guard(const fork_guard&) = delete;
  fork_guard& operator=(const fork_guard&) = delete;

  [[nodiscard]] bool forked() const noexcept {
    return page_ ? page_->load(std::memory_order_relaxed) == 0 : asked();
  }

private:
  [[nodiscard]] bool asked() const noexcept; // where the kernel does not wipe: compares process ids

  std::atomic<unsigned char>* page_ = nullptr;
  pid_t home_;
};

} // namespace holdfast::detail
