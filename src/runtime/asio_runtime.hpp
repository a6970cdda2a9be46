// The event-loop runtime. Includes Boost.Asio: for .cpp files and the Asio facade only.
#pragma once

#include <holdfast/runtime.hpp>

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <coroutine>
#include <forward_list>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

namespace holdfast {

class asio_runtime;

namespace detail {
class blocking_pool;

/// A coroutine's wait for code of the user's, which nothing else ends.
struct visit {
  asio_runtime& home;
  std::coroutine_handle<> caller;
  bool broken_off = false; ///< no end will be told
};
} // namespace detail

/// Suspends on Boost.Asio. Everything of one object happens on its executor, which must run one
/// handler at a time (a strand, or a context with one thread); only `unpark` comes from elsewhere.
class asio_runtime : public runtime {
public:
  asio_runtime(boost::asio::any_io_executor serial, std::shared_ptr<detail::blocking_pool> blocking,
               runtime* background = nullptr);
  ~asio_runtime() override;

  /// Ends present and later waits with `cancelled`. On the executor only.
  void cancel();

  /// The context is being destroyed, no thread runs it any more: cancels, waits until what was
  /// offloaded has ended, and resumes all that is suspended here inside this call.
  void abandon();

  /// For a coroutine that suspends itself until code of the user's has ended. On the executor.
  [[nodiscard]] detail::visit& begin_visit(std::coroutine_handle<> caller);
  /// Resumes it. On the executor.
  void end_visit(detail::visit& v);
  /// That code was destroyed before its end. Threads: any.
  void break_off(detail::visit& v);

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
  /// A suspended coroutine and its work for a worker.
  struct errand {
    enum class step : std::uint8_t { queued, taken, done };

    errand(suspension* s, job j, const boost::asio::any_io_executor& home)
        : suspended{s}, work{j}, guard{home} {}
    /// True for who shall do it.
    bool take() noexcept {
      step seen = step::queued;
      return at.compare_exchange_strong(seen, step::taken);
    }

    suspension* suspended;
    job work;
    std::atomic<step> at{step::queued};
    /// Nothing else keeps the context busy meanwhile. Let go of on the executor.
    std::optional<boost::asio::executor_work_guard<boost::asio::any_io_executor>> guard;
  };

  bool begin_sleep(suspension& s, time_point at) override;
  bool begin_wait(suspension& s, int descriptor, io events, deadline until) override;
  bool begin_park(suspension& s, waiter& w, deadline until) override;
  bool begin_offload(suspension& s, job work) override;
  void wake(waiter& w) noexcept override;
  bool refuse(suspension& s) const noexcept;
  std::shared_ptr<sleeper> sleep(suspension& s, time_point at);
  bool submit(const std::shared_ptr<errand>& sent) noexcept;
  void leave(const std::shared_ptr<errand>& sent);
  void come_back(const std::shared_ptr<errand>& sent);
  template <class Fn>
  bool hand_over(Fn fn);
  void wait_until_let_go();
  /// Held by other threads while they touch the executor. Shared by some: thousands may wait.
  [[nodiscard]] std::mutex& gate() const noexcept;

  boost::asio::any_io_executor executor_;
  std::shared_ptr<detail::blocking_pool> blocking_;
  runtime* background_;
  std::atomic<bool> cancelled_{false}; // written on the executor; offloaded work looks at it, too
  // Those suspended now.
  sleeper_list sleepers_;
  std::forward_list<std::shared_ptr<errand>> errands_;
  std::forward_list<detail::visit> visits_;
  bool abandoned_ = false; // written on the executor under gate(): no other thread may touch it
};

} // namespace holdfast
