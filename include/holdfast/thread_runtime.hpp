#pragma once

#include <holdfast/runtime.hpp>

#include <memory>
#include <stop_token>

namespace holdfast {

class service;

/// Waits inside the calling thread: a coroutine over it never suspends, so `run_inline` can run it.
/// Made anew for each blocking call, which costs a few stores; used by one thread at a time.
class thread_runtime final : public runtime {
public:
  /// Spawned work goes to `background`, which must outlive this object; without one, to a service
  /// thread that is started at the first `spawn` and joined by the destructor.
  /// A stop request ends every wait with `cancelled`.
  explicit thread_runtime(runtime* background = nullptr, std::stop_token stop = {}) noexcept;
  ~thread_runtime() override;
  thread_runtime(const thread_runtime&) = delete;
  thread_runtime& operator=(const thread_runtime&) = delete;

  [[nodiscard]] time_point now() noexcept override;
  [[nodiscard]] time_point coarse_now() noexcept override;
  [[nodiscard]] duration boot_time() noexcept override;
  [[nodiscard]] bool reads_may_block() const noexcept override { return !stop_.stop_possible(); }
  [[nodiscard]] std::uint64_t random() noexcept override;
  [[nodiscard]] bool cancelled() const noexcept override { return stop_.stop_requested(); }
  void spawn(task<void> work) override;
  [[nodiscard]] branch fork() override;
  [[nodiscard]] task<result<std::vector<address>>> resolve(std::string host,
                                                           deadline until) override;

private:
  bool begin_sleep(suspension& s, time_point at) override;
  bool begin_wait(suspension& s, int descriptor, io events, deadline until) override;
  bool begin_park(suspension& s, waiter& w, deadline until) override;
  bool begin_offload(suspension& s, job work) override;
  void wake(waiter& w) noexcept override;
  [[nodiscard]] duration sleepable(deadline until) noexcept;
  int stop_descriptor();
  runtime& background();

  runtime* background_;
  std::stop_token stop_;
  int stop_descriptor_ = -1; // eventfd, made when a stoppable call first polls
  std::unique_ptr<service> own_service_;
};

} // namespace holdfast
