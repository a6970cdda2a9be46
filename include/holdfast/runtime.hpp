#pragma once

#include <holdfast/result.hpp>
#include <holdfast/task.hpp>
#include <holdfast/time.hpp>

#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace holdfast {

class runtime;

enum class wait_status : std::uint8_t { ready, timed_out, cancelled };
enum class io : std::uint8_t { read = 1, write = 2, read_write = 3 };

/// One place to sleep, woken at most once: `park` until somebody calls `unpark`, in either order.
/// Made by the coroutine that will park, in its own frame. Whoever calls `unpark` guarantees that
/// the waiter is alive during that call; the pool does so by calling under its lock.
class waiter {
public:
  explicit waiter(runtime& home) noexcept : home_{home} {}
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;

  /// Wakes the parked coroutine on its own runtime: it posts, and never resumes it inline.
  /// Threads: any, once or more often; later calls do nothing.
  void unpark() noexcept;

  [[nodiscard]] runtime& home() const noexcept { return home_; }

private:
  friend class thread_runtime;
  friend class asio_runtime;
  friend class sim_runtime;

  runtime& home_;
  std::mutex mutex_;             // guards the members below
  std::condition_variable wake_; // thread_runtime alone
  bool woken_ = false;
  std::shared_ptr<void> sleeper_; // asio_runtime and sim_runtime: the suspended coroutine
};

/// One address of a host: "10.0.0.7", 5432. `text` is numeric, without a port or brackets.
struct address {
  std::string text;
  friend bool operator==(const address&, const address&) = default;
};

/// The runtime of one of several tasks that an operation runs at once; made by `runtime::fork`. Its
/// owner keeps `home` until that task has ended.
struct branch {
  std::shared_ptr<runtime> home; ///< null: there is no event loop
  std::function<void()> cancel;  ///< ends its present and later waits; any thread, at any time
};

/// Where an operation runs: its clock, its waits, its random numbers. Three implementations:
/// `thread_runtime` waits inside the calling thread, `asio_runtime` suspends on Boost.Asio,
/// `sim_runtime` suspends in virtual time. One object serves one operation (or, for a service
/// thread, all that it spawned); it carries that operation's cancellation.
class runtime {
public:
  virtual ~runtime() = default;

  [[nodiscard]] virtual time_point now() noexcept = 0;
  /// Cheap and up to 10 ms behind `now()`; for idle stamps.
  [[nodiscard]] virtual time_point coarse_now() noexcept = 0;
  /// Since the machine was booted, the time that it slept included; `now()` does not count that.
  [[nodiscard]] virtual duration boot_time() noexcept = 0;
  [[nodiscard]] virtual std::uint64_t random() noexcept = 0;
  /// True where a read that blocks for a moment holds up nobody but its caller, and only time or
  /// the peer can end a wait: a driver may then leave the wait out.
  [[nodiscard]] virtual bool reads_may_block() const noexcept { return false; }
  /// Also asked by work that was offloaded.
  [[nodiscard]] virtual bool cancelled() const noexcept = 0;

  /// co_await gives `timed_out` at the given moment, or `cancelled`.
  [[nodiscard]] auto sleep_until(time_point at) noexcept;
  /// co_await gives `ready` when the descriptor is, else `timed_out` or `cancelled`.
  [[nodiscard]] auto wait(int descriptor, io events, deadline until) noexcept;
  /// co_await gives `ready` after `w.unpark()`, else `timed_out` or `cancelled`.
  [[nodiscard]] auto park(waiter& w, deadline until) noexcept;

  /// Starts a task that outlives the caller, on an event loop, never inline. An exception that
  /// leaves the task ends the program: return errors instead.
  virtual void spawn(task<void> work) = 0;

  /// A runtime on the loop of `spawn`, with a cancellation of its own: ours does not reach it, the
  /// end of that loop does. What runs on it is spawned.
  [[nodiscard]] virtual branch fork() { return {}; }

  /// Runs blocking `fn` where it may block: inline for threads, on a worker for event loops, inline
  /// in simulation. The caller is not resumed before `fn` has returned. Rethrows what `fn` throws.
  template <class F>
  [[nodiscard]] task<std::invoke_result_t<F&>> offload(F fn);

  /// The addresses of a host, in the resolver's order.
  /// Errors: name_not_resolved, connect_timeout (deadline), cancelled.
  [[nodiscard]] virtual task<result<std::vector<address>>> resolve(std::string host,
                                                                   deadline until) = 0;

protected:
  friend class waiter;

  /// A suspended coroutine and what it waits for. Lives in the coroutine's frame until resumed.
  struct suspension {
    std::coroutine_handle<> caller;
    wait_status status = wait_status::ready;
  };
  struct job {
    void (*run)(void*) noexcept;
    void* context;
  };

  // Each returns true if the coroutine stays suspended (and may already have been resumed on
  // another thread), false if `s.status` holds the answer already.
  virtual bool begin_sleep(suspension& s, time_point at) = 0;
  virtual bool begin_wait(suspension& s, int descriptor, io events, deadline until) = 0;
  virtual bool begin_park(suspension& s, waiter& w, deadline until) = 0;
  virtual bool begin_offload(suspension& s, job work) = 0;
  virtual void wake(waiter& w) noexcept = 0;

private:
  template <class Begin>
  struct awaiter : suspension {
    explicit awaiter(Begin b) noexcept : begin{b} {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) {
      this->caller = h;
      return begin(*this);
    }
    wait_status await_resume() const noexcept { return this->status; }
    Begin begin;
  };
};

inline void waiter::unpark() noexcept { home_.wake(*this); }

inline auto runtime::sleep_until(time_point at) noexcept {
  return awaiter{[this, at](suspension& s) { return begin_sleep(s, at); }};
}

inline auto runtime::wait(int descriptor, io events, deadline until) noexcept {
  return awaiter{[=, this](suspension& s) { return begin_wait(s, descriptor, events, until); }};
}

inline auto runtime::park(waiter& w, deadline until) noexcept {
  return awaiter{[this, &w, until](suspension& s) { return begin_park(s, w, until); }};
}

template <class F>
task<std::invoke_result_t<F&>> runtime::offload(F fn) {
  using R = std::invoke_result_t<F&>;
  struct call {
    F& fn;
    std::optional<std::conditional_t<std::is_void_v<R>, char, R>> value;
    std::exception_ptr failure;
    void run() {
      if constexpr (std::is_void_v<R>)
        fn();
      else
        value.emplace(fn());
    }
  } c{fn, std::nullopt, nullptr};
  const job work{[](void* p) noexcept {
                   auto& self = *static_cast<call*>(p);
                   try {
                     self.run();
                   } catch (...) {
                     self.failure = std::current_exception();
                   }
                 },
                 &c};
  auto started = awaiter{[this, work](suspension& s) { return begin_offload(s, work); }};
  co_await started;
  if (c.failure) std::rethrow_exception(c.failure);
  if constexpr (!std::is_void_v<R>) co_return std::move(*c.value);
}

/// What a wait that did not end `ready` means to the caller of an operation.
[[nodiscard]] error wait_error(wait_status status, std::string_view what);

} // namespace holdfast
