// The event-loop runtime. Includes Boost.Asio: for .cpp files and the Asio facade only.
#pragma once

#include <holdfast/runtime.hpp>

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <list>
#include <memory>

namespace holdfast {
namespace detail {
class blocking_pool;
}

/// Suspends on Boost.Asio. Everything of one object happens on its executor, which must run one
/// handler at a time (a strand, or a context with one thread); only `unpark` comes from elsewhere.
class asio_runtime : public runtime {
public:
  asio_runtime(boost::asio::any_io_executor serial, std::shared_ptr<detail::blocking_pool> blocking,
               runtime* background = nullptr);
  ~asio_runtime() override;

  /// Ends present and later waits with `cancelled`. On the executor only.
  void cancel();

  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }

  [[nodiscard]] time_point now() noexcept override;
  [[nodiscard]] time_point coarse_now() noexcept override;
  [[nodiscard]] duration boot_time() noexcept override;
  [[nodiscard]] std::uint64_t random() noexcept override;
  [[nodiscard]] bool cancelled() const noexcept override {
    return cancelled_.load(std::memory_order_relaxed);
  }
  /// On the background's loop if there is one, else on this executor.
  void spawn(task<void> work) override;
  /// On the background's loop; there must be one.
  [[nodiscard]] branch fork() override;
  [[nodiscard]] task<result<std::vector<address>>> resolve(std::string host,
                                                           deadline until) override;

private:
  struct sleeper;
  using sleeper_list = std::list<std::shared_ptr<sleeper>>;

  bool begin_sleep(suspension& s, time_point at) override;
  bool begin_wait(suspension& s, int descriptor, io events, deadline until) override;
  bool begin_park(suspension& s, waiter& w, deadline until) override;
  bool begin_offload(suspension& s, job work) override;
  void wake(waiter& w) noexcept override;
  bool refuse(suspension& s) const noexcept;
  std::shared_ptr<sleeper> sleep(suspension& s, time_point at);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<detail::blocking_pool> blocking_;
  runtime* background_;
  std::atomic<bool> cancelled_{false}; // written on the executor; offloaded work looks at it, too
  sleeper_list sleepers_;              // those suspended now
};

} // namespace holdfast
