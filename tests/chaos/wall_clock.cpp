#include "chaos/wall_clock.hpp"

#include <atomic>
#include <ctime>
#include <dlfcn.h>
#include <sys/time.h>

namespace {

constexpr std::int64_t second = 1'000'000'000;

constinit std::atomic<std::int64_t> offset{0}; // nanoseconds

using getter = int (*)(clockid_t, timespec*);

/// The C library's, which costs no system call.
getter real() noexcept {
  static constinit std::atomic<getter> found{nullptr};
  getter f = found.load(std::memory_order_relaxed);
  if (f == nullptr) {
    f = reinterpret_cast<getter>(::dlsym(RTLD_NEXT, "clock_gettime"));
    found.store(f, std::memory_order_relaxed);
  }
  return f;
}

} // namespace

extern "C" {

// NOLINTBEGIN: the C library's names and types
int clock_gettime(clockid_t id, timespec* at) noexcept {
  const int failed = real()(id, at);
  if (failed != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return failed;
  const std::int64_t moved = at->tv_nsec + offset.load(std::memory_order_relaxed);
  std::int64_t seconds = moved / second;
  std::int64_t rest = moved % second;
  if (rest < 0) {
    --seconds;
    rest += second;
  }
  at->tv_sec += seconds;
  at->tv_nsec = rest;
  return 0;
}

int gettimeofday(timeval* at, void*) noexcept {
  timespec now{};
  const int failed = clock_gettime(CLOCK_REALTIME, &now);
  *at = {now.tv_sec, now.tv_nsec / 1000};
  return failed;
}

time_t time(time_t* at) noexcept {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (at != nullptr) *at = now.tv_sec;
  return now.tv_sec;
}
// NOLINTEND
}

namespace holdfast::matrix::wall_clock {

void jump(duration by) noexcept { offset += by.count(); }
void restore() noexcept { offset = 0; }

} // namespace holdfast::matrix::wall_clock
