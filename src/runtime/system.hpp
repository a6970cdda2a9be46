// What the real runtimes share: clocks, randomness, the resolver, blocking work.
#pragma once

#include <holdfast/runtime.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace holdfast::detail {

[[nodiscard]] time_point system_now() noexcept;
[[nodiscard]] time_point system_coarse_now() noexcept;
[[nodiscard]] duration system_boot_time() noexcept;
[[nodiscard]] std::uint64_t system_random() noexcept;

/// Worker threads for calls that block: made on demand up to `limit`, gone after some idle seconds.
/// Detached, each with a share of the state, so that a call that never returns holds up nobody.
class blocking_pool {
public:
  explicit blocking_pool(std::size_t limit) : state_{std::make_shared<state>()} {
    state_->limit = limit;
  }
  ~blocking_pool() { stop(); }
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// False, and nothing done, after `stop`, or where no thread can be had.
  bool submit(std::function<void()> work);
  /// Takes no more work, and waits for the idle workers, not for the busy ones, to end.
  void stop() noexcept;

private:
  struct state {
    std::mutex mutex; // guards all below
    std::condition_variable wake;
    std::condition_variable gone;
    std::deque<std::function<void()>> queue;
    std::size_t limit = 0;
    std::size_t threads = 0;
    std::size_t idle = 0;
    std::size_t busy = 0;
    bool stopping = false;
  };
  static void work(const std::shared_ptr<state>& s);
  void add_worker();

  std::shared_ptr<state> state_;
};

/// getaddrinfo by `submit`ted work, abandoned at the deadline. Numeric addresses need no work.
[[nodiscard]] task<result<std::vector<address>>>
resolve_by(runtime& rt, std::function<void(std::function<void()>)> submit, std::string host,
           deadline until);

/// The coroutine at the root of a spawned chain: starts at once, owns itself, calls `done` at the
/// end. An exception that reaches it ends the program.
struct root {
  struct promise_type : frame_storage {
    root get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <class Done>
root run_root(task<void> work, Done done) {
  {
    task<void> running = std::move(work);
    co_await std::move(running);
  } // the frame's locals end before `done` is told
  done();
}

} // namespace holdfast::detail
