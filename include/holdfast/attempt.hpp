#pragma once

#include <holdfast/exceptions.hpp>
#include <holdfast/runtime.hpp>

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

namespace holdfast {

/// One attempt, as its callable sees it: how long it may take. Timeouts around plain callables are
/// cooperative: nothing is interrupted; a callable that takes time asks, or passes `until()` on to
/// what it waits for. Work that ends late but well is a success, since it was done.
///
/// Threads: one. Lifetime: valid during the call only.
class attempt {
public:
  attempt(runtime& rt, deadline until, std::uint32_t number = 1) noexcept
      : runtime_{rt}, until_{until}, number_{number} {}

  [[nodiscard]] runtime& home() const noexcept { return runtime_; }
  [[nodiscard]] deadline until() const noexcept { return until_; }
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; } ///< 1 for the first

  [[nodiscard]] duration remaining() const noexcept { return until_.remaining(runtime_.now()); }
  /// Success while there is time. Errors: deadline_exceeded, cancelled.
  [[nodiscard]] result<void> check() const {
    if (runtime_.cancelled()) return wait_error(wait_status::cancelled, "an attempt");
    if (until_.expired(runtime_.now())) return wait_error(wait_status::timed_out, "an attempt");
    return {};
  }

private:
  runtime& runtime_;
  deadline until_;
  std::uint32_t number_;
};

/// Whether an exception that is no `database_error` may be cured by trying again.
using exception_filter = std::function<bool(const std::exception&)>;

namespace detail {

/// Calls `fn(attempt&)`, or `fn()` if it takes nothing.
template <class F>
decltype(auto) call_attempt(F& fn, attempt& a) {
  if constexpr (std::is_invocable_v<F&, attempt&>)
    return std::invoke(fn, a);
  else
    return std::invoke(fn);
}

template <class F>
using returned = decltype(call_attempt(std::declval<F&>(), std::declval<attempt&>()));

template <class T>
struct unwrap {
  using type = T;
};
template <class T>
struct unwrap<result<T>> {
  using type = T;
};
template <class T>
struct unwrap<task<T>> : unwrap<T> {};

/// The T of a callable that returns T, result<T>, task<T> or task<result<T>>.
template <class F>
using value_of = typename unwrap<returned<F>>::type;

/// Runs something that returns T or result<T>, as result<T>.
template <class T, class Call>
result<T> as_result(Call&& call) {
  using R = std::invoke_result_t<Call>;
  static_assert(!std::is_reference_v<R>, "return a value or a pointer: results own what they hold");
  if constexpr (is_result<R>)
    return std::forward<Call>(call)();
  else if constexpr (std::is_void_v<R>) {
    std::forward<Call>(call)();
    return {};
  } else
    return result<T>{std::forward<Call>(call)()};
}

} // namespace detail

/// Runs `fn` with an attempt that ends `limit` from now, and returns what it returns.
template <class F>
auto with_timeout(runtime& rt, duration limit, F fn) {
  using R = detail::returned<F>;
  if constexpr (detail::is_task<R>) {
    return [](runtime& home, duration most, F call) -> R {
      attempt a{home, deadline::after(home.now(), most)};
      R inner = detail::call_attempt(call, a);
      if constexpr (std::is_void_v<typename R::value_type>)
        co_await std::move(inner);
      else
        co_return co_await std::move(inner);
    }(rt, limit, std::move(fn));
  } else {
    attempt a{rt, deadline::after(rt.now(), limit)};
    return detail::call_attempt(fn, a);
  }
}

} // namespace holdfast
