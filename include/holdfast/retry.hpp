#pragma once

#include <holdfast/detail/operation.hpp>
#include <holdfast/thread_runtime.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace holdfast {

/// How `with_retry` treats one call.
struct retry_settings {
  /// For all attempts and the pauses between them.
  duration deadline = std::chrono::seconds{30};
  /// Running the callable twice does the same as once. Without it an error whose effect is unknown
  /// ends the call.
  bool idempotent = false;
  /// Shared by whatever may overload the same server; must outlive the call. Null: unlimited.
  retry_budget* budget = nullptr;
  /// Exceptions other than `database_error` that may be cured by trying again; none if empty.
  exception_filter retry_if{};
  observer* events = nullptr;
};

/// The same policy for every kind of error.
[[nodiscard]] retry_options same_for_all(const retry_policy& policy);

namespace detail {

/// Throws configuration_error with all violations.
void require_valid(const retry_options& policies, const retry_settings& settings);

inline operation make_operation(const retry_options& policies, const retry_settings& s,
                                time_point now) {
  operation_parts parts{&policies};
  parts.budget = s.budget;
  parts.retry_if = &s.retry_if;
  parts.events = s.events;
  const retry_terms terms{deadline::after(now, s.deadline), s.idempotent};
  return operation{parts, terms, now};
}

} // namespace detail

/// Calls `fn` until it succeeds or trying again is hopeless, unsafe or too late, waiting in the
/// calling thread. `fn` takes nothing or `attempt&`, and returns T or `result<T>`; so does
/// `with_retry`. A `database_error` carries its error; other exceptions leave at once unless
/// `settings.retry_if` accepts them. What leaves in the end is the last real failure.
///
/// Needs no database. Throws configuration_error for an invalid policy.
template <class F>
auto with_retry(const retry_options& policies, F&& fn, const retry_settings& settings = {}) {
  using callable = std::remove_reference_t<F>;
  using T = detail::value_of<callable>;
  detail::require_valid(policies, settings);
  thread_runtime rt;
  detail::operation op = detail::make_operation(policies, settings, rt.now());
  callable& call = fn;
  return detail::unwrap_for_caller<detail::returned<callable>>(
      detail::drive_inline<T>(rt, op, call));
}

template <class F>
auto with_retry(const retry_policy& policy, F&& fn, const retry_settings& settings = {}) {
  return with_retry(same_for_all(policy), std::forward<F>(fn), settings);
}

/// The same over a runtime: `fn` may also return `task<T>` or `task<result<T>>`.
/// Lifetime: `rt` must outlive the task; all else moves into it.
template <class F>
task<result<detail::value_of<F>>> with_retry(runtime& rt, retry_options policies, F fn,
                                             retry_settings settings = {}) {
  using T = detail::value_of<F>;
  detail::require_valid(policies, settings);
  detail::operation op = detail::make_operation(policies, settings, rt.now());
  auto work = detail::drive<T, F&>(rt, std::move(op), fn, nullptr);
  co_return co_await std::move(work);
}

template <class F>
task<result<detail::value_of<F>>> with_retry(runtime& rt, const retry_policy& policy, F fn,
                                             retry_settings settings = {}) {
  return with_retry(rt, same_for_all(policy), std::move(fn), std::move(settings));
}

/// `fn` as a callable that retries: `auto fetch = retrying(policy, fetch_once); fetch(7);`. The
/// arguments are passed to each attempt as lvalues. As thread-safe as `fn`.
template <class F>
class retrying_callable {
public:
  retrying_callable(retry_options policies, F fn, retry_settings settings)
      : policies_{policies}, settings_{std::move(settings)}, fn_{std::move(fn)} {
    detail::require_valid(policies_, settings_);
  }

  template <class... Args>
  auto operator()(Args&&... args) {
    auto call = [&]() -> decltype(auto) { return std::invoke(fn_, args...); };
    return with_retry(policies_, call, settings_);
  }

private:
  retry_options policies_;
  retry_settings settings_;
  F fn_;
};

template <class F>
[[nodiscard]] auto retrying(const retry_options& policies, F fn, retry_settings settings = {}) {
  return retrying_callable<F>{policies, std::move(fn), std::move(settings)};
}

template <class F>
[[nodiscard]] auto retrying(const retry_policy& policy, F fn, retry_settings settings = {}) {
  return retrying_callable<F>{same_for_all(policy), std::move(fn), std::move(settings)};
}

} // namespace holdfast
