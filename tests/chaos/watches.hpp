// What a cell looks at besides the books: the process's own resources, and how the machine stalls.
#pragma once

#include <holdfast/time.hpp>

#include <atomic>
#include <cstddef>
#include <thread>

namespace holdfast::matrix {

struct resources {
  std::size_t descriptors = 0;
  std::size_t threads = 0;

  /// Of this process, now.
  [[nodiscard]] static resources now();
  /// What they are when within `other`, or after `limit`.
  [[nodiscard]] static resources wait_until_within(const resources& other, duration limit);
  [[nodiscard]] bool within(const resources& other) const noexcept {
    return descriptors <= other.descriptors && threads <= other.threads;
  }
};

/// How much later than it should a sleeping thread woke up, at worst. What the machine did to this
/// thread it may have done to every other one, so time limits are widened by as much.
class stall_meter {
public:
  stall_meter();
  [[nodiscard]] duration worst() const noexcept { return duration{worst_.load()}; }

private:
  std::atomic<duration::rep> worst_{0};
  std::jthread thread_; // last: it uses the rest
};

} // namespace holdfast::matrix
