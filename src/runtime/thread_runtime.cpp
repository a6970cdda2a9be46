#include "runtime/system.hpp"

#include <holdfast/service.hpp>
#include <holdfast/thread_runtime.hpp>

#include <array>
#include <limits>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace holdfast {

[[gnu::hot]] thread_runtime::thread_runtime(runtime* background, std::stop_token stop) noexcept
    : background_{background}, stop_{std::move(stop)} {}

[[gnu::hot]] thread_runtime::~thread_runtime() {
  if (stop_descriptor_ >= 0) ::close(stop_descriptor_);
}

[[gnu::hot]] time_point thread_runtime::now() noexcept { return detail::system_now(); }
[[gnu::hot]] time_point thread_runtime::coarse_now() noexcept {
  return detail::system_coarse_now();
}
duration thread_runtime::boot_time() noexcept { return detail::system_boot_time(); }
[[gnu::hot]] std::uint64_t thread_runtime::random() noexcept { return detail::system_random(); }

runtime& thread_runtime::background() {
  if (!background_) {
    own_service_ = std::make_unique<service>();
    background_ = own_service_->background().get();
  }
  return *background_;
}

void thread_runtime::spawn(task<void> work) { background().spawn(std::move(work)); }

branch thread_runtime::fork() { return background().fork(); }

task<result<std::vector<address>>> thread_runtime::resolve(std::string host, deadline until) {
  return detail::resolve_by(
      *this, [](std::function<void()> work) { std::thread{std::move(work)}.detach(); },
      std::move(host), until);
}

bool thread_runtime::begin_sleep(suspension& s, time_point at) {
  waiter nobody{*this};
  return begin_park(s, nobody, deadline{at});
}

int thread_runtime::stop_descriptor() {
  if (stop_descriptor_ < 0 && stop_.stop_possible())
    stop_descriptor_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return stop_descriptor_;
}

/// How long to sleep in one go. A distant deadline is met in two: its exact distance costs a
/// precise read of the clock, which most waits end too early to need.
duration thread_runtime::sleepable(deadline until) noexcept {
  constexpr duration distant = std::chrono::milliseconds{500};
  constexpr duration margin = std::chrono::milliseconds{100}; // more than coarse time may be behind
  const duration about = until.remaining(coarse_now());
  return about > distant ? about - margin : until.remaining(now());
}

bool thread_runtime::begin_wait(suspension& s, int descriptor, io events, deadline until) {
  const auto bits = static_cast<unsigned>(events);
  const auto wanted = static_cast<short>(((bits & 1U) ? POLLIN : 0) | ((bits & 2U) ? POLLOUT : 0));
  const int stopper = stop_descriptor();
  std::array<pollfd, 2> watched{pollfd{descriptor, wanted, 0}, pollfd{stopper, POLLIN, 0}};
  const std::stop_callback on_stop{stop_, [stopper] { ::eventfd_write(stopper, 1); }};
  while (true) {
    if (stop_.stop_requested()) {
      s.status = wait_status::cancelled;
      return false;
    }
    const auto left = sleepable(until);
    // Rounded up: a poll that ends a fraction early would spin.
    const auto millis =
        std::min<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(),
                               std::numeric_limits<int>::max());
    const int n = ::poll(watched.data(), stopper < 0 ? 1 : 2, static_cast<int>(millis));
    if (n > 0 && watched[0].revents != 0) {
      s.status = wait_status::ready;
      return false;
    }
    if (n == 0 && until.expired(now())) {
      s.status = wait_status::timed_out;
      return false;
    }
  }
}

bool thread_runtime::begin_park(suspension& s, waiter& w, deadline until) {
  const std::stop_callback on_stop{stop_, [&w] {
                                     const std::lock_guard lock{w.mutex_};
                                     w.wake_.notify_all();
                                   }};
  std::unique_lock lock{w.mutex_};
  w.wake_.wait_until(lock, until.at(), [&] { return w.woken_ || stop_.stop_requested(); });
  if (w.woken_)
    s.status = wait_status::ready;
  else
    s.status = stop_.stop_requested() ? wait_status::cancelled : wait_status::timed_out;
  return false;
}

bool thread_runtime::begin_offload(suspension&, job work) {
  work.run(work.context);
  return false;
}

void thread_runtime::wake(waiter& w) noexcept {
  // Notified under the lock: the waiter may be gone as soon as the lock is free.
  const std::lock_guard lock{w.mutex_};
  w.woken_ = true;
  w.wake_.notify_all();
}

} // namespace holdfast
