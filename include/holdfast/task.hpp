#pragma once

#include <holdfast/detail/frame_cache.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace holdfast {

template <class T>
class task;

namespace detail {

struct frame_storage {
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    release_frame(frame, size);
  }
};

struct task_promise_base : frame_storage {
  struct final_awaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      auto& promise = self.promise();
      if (promise.met.exchange(true, std::memory_order_acq_rel)) return promise.continuation;
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  final_awaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }

  std::coroutine_handle<> continuation = std::noop_coroutine();
  /// A task that ends before its first wait returns into its caller's await, one that waited
  /// resumes its caller: of the start's return and the end, the second sees this set and goes on.
  /// To hand over by tail calls alone would take stack for each await of a loop, where g++ makes
  /// none: below -O2 and under the sanitizers.
  std::atomic<bool> met{false};
  std::exception_ptr failure;
};

template <class T>
struct task_promise : task_promise_base {
  task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& value) {
    stored.emplace(std::forward<U>(value));
  }
  [[gnu::hot]] T take() {
    if (failure) std::rethrow_exception(failure);
    return std::move(*stored);
  }
  std::optional<T> stored;
};

template <>
struct task_promise<void> : task_promise_base {
  task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() {
    if (failure) std::rethrow_exception(failure);
  }
};

} // namespace detail

/// A lazy coroutine: nothing runs until it is awaited, once. Owns its frame; destroying it before
/// the end destroys the whole chain below, so only what started it may do that.
///
/// It does not know where it runs: what waits takes a `runtime&`.
/// g++ 12: keep `co_await` out of conditional operators, aggregate initialisers and default
/// arguments, and bind temporaries to names first.
template <class T = void>
class [[nodiscard]] task {
public:
  using promise_type = detail::task_promise<T>;
  using value_type = T;

  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_{frame} {}
  task(task&& other) noexcept : frame_{std::exchange(other.frame_, {})} {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  auto operator co_await() && noexcept {
    struct awaiter {
      std::coroutine_handle<promise_type> frame;
      bool await_ready() noexcept { return false; }
      [[gnu::hot]] bool await_suspend(std::coroutine_handle<> caller) noexcept {
        auto& callee = frame.promise();
        callee.continuation = caller;
        frame.resume();
        if (callee.met.load(std::memory_order_acquire)) return false;
        return !callee.met.exchange(true, std::memory_order_acq_rel); // then neither is ours
      }
      T await_resume() { return frame.promise().take(); }
    };
    return awaiter{frame_};
  }

private:
  template <class U>
  friend U run_inline(task<U>);

  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

} // namespace detail

/// Runs a task that never suspends, that is, one whose every wait is on a `thread_runtime`.
/// Throws what the task throws. Aborts if the task suspended: that is a defect of the caller.
template <class T>
[[gnu::hot]] T run_inline(task<T> t) {
  t.frame_.resume();
  if (!t.frame_.done()) std::terminate();
  return t.frame_.promise().take();
}

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

} // namespace detail
} // namespace holdfast
