#pragma once

#include <holdfast/detail/operation.hpp>
#include <holdfast/thread_runtime.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace holdfast {

struct pipeline_options {
  /// For the whole operation where the call gives none.
  duration deadline = std::chrono::seconds{30};
  /// For one attempt; empty: only the deadline. Cooperative for plain callables.
  std::optional<duration> attempt_timeout{};
  retry_options retry{};
  retry_budget_options budget{};
  breaker_options breaker{};
  limiter_options limiter{};
  /// Exceptions other than `database_error` that are failures of the callee, retried and counted by
  /// the breaker. Others leave at once and count for nothing.
  exception_filter retry_if{};
  observer_ptr events{};
  /// Names the callee in errors and events.
  std::string name{};
};

/// What varies from call to call.
struct run_options {
  std::string_view name{}; ///< of the operation; must outlive the call
  std::optional<duration> deadline{};
  /// Running the callable twice does the same as once.
  bool idempotent = false;
};

/// deadline → retry (with budget) → breaker → limiter → attempt timeout, around anything: one
/// pipeline for each server or resource. It does not know databases, and it interrupts nobody.
///
/// `fn` takes nothing or `attempt&`. Errors of a run: those of `fn`, with attempts and elapsed
/// added; circuit_open or admission_refused if nothing was ever attempted; cancelled. Exceptions
/// other than `database_error` leave as they are.
///
/// Threads: safe to call concurrently. Lifetime: must outlive its runs. A success at the first
/// attempt reads the clock twice and allocates nothing.
class pipeline {
public:
  /// Throws configuration_error with all violations. `seed` feeds the breaker's jitter; drawn at
  /// random where none is given.
  explicit pipeline(pipeline_options options, std::optional<std::uint64_t> seed = std::nullopt);
  pipeline(const pipeline&) = delete;
  pipeline& operator=(const pipeline&) = delete;

  /// Runs `fn`, which returns T or `result<T>`, in the calling thread, and returns the same type;
  /// a failure of a callable that returns T is thrown as `database_error`.
  template <class F>
  auto run(F&& fn, const run_options& call = {}) {
    using R = detail::returned<std::remove_reference_t<F>>;
    return detail::unwrap_for_caller<R>(try_run(std::forward<F>(fn), call));
  }

  /// The same, as `result<T>` in any case.
  template <class F>
  auto try_run(F&& fn, const run_options& call = {}) {
    using callable = std::remove_reference_t<F>;
    thread_runtime rt;
    detail::operation op = start(rt.now(), call);
    callable& target = fn;
    return detail::drive_inline<detail::value_of<callable>>(rt, op, target);
  }

  /// Over a runtime; `fn` returns T, `result<T>`, `task<T>` or `task<result<T>>`.
  /// Lifetime: `rt`, this pipeline and `call.name` must outlive the task; `fn` moves into it. The
  /// deadline counts from this call.
  template <class F>
  task<result<detail::value_of<F>>> run(runtime& rt, F fn, const run_options& call = {}) {
    return detail::drive<detail::value_of<F>, F>(rt, start(rt.now(), call), std::move(fn), nullptr);
  }

  [[nodiscard]] circuit_breaker& breaker() noexcept { return breaker_; }
  [[nodiscard]] concurrency_limiter& limiter() noexcept { return limiter_; }
  [[nodiscard]] retry_budget& budget() noexcept { return budget_; }
  /// The usual time of a successful attempt; zero before the first.
  [[nodiscard]] duration median_attempt() const noexcept { return median_.value(); }

private:
  [[nodiscard]] detail::operation start(time_point now, const run_options& call) {
    detail::operation_parts parts{&options_.retry};
    parts.budget = &budget_;
    parts.breaker = &breaker_;
    if (limiter_.enabled()) parts.limiter = &limiter_;
    parts.median = &median_;
    parts.retry_if = &options_.retry_if;
    parts.events = options_.events.get();
    parts.attempt_timeout = options_.attempt_timeout;
    parts.name = call.name;
    if (call.deadline && *call.deadline <= duration::zero()) reject_deadline();
    const retry_terms terms{deadline::after(now, call.deadline.value_or(options_.deadline)),
                            call.idempotent};
    return detail::operation{parts, terms, now};
  }
  [[noreturn]] static void reject_deadline();

  const pipeline_options options_;
  retry_budget budget_;
  circuit_breaker breaker_;
  concurrency_limiter limiter_;
  median_estimate median_;
};

} // namespace holdfast
