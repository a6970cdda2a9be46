#pragma once

#include <holdfast/detail/operation.hpp>
#include <holdfast/detail/race.hpp>
#include <holdfast/fallback.hpp>
#include <holdfast/hedge.hpp>
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
  /// For runs with `run_options::hedge`. Calls of one pipeline are taken for one kind.
  hedge_options hedge{};
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
  /// A call that takes longer than 95 in 100 is made a second time beside the first, within the
  /// budget; the first success counts, the other is cancelled. Over a runtime only, for callables
  /// that return a task, and together with `idempotent`. Both run on the loop of `runtime::spawn`,
  /// on runtimes of their own: what the callable waits on is `attempt::home`, and what it touches
  /// must bear that the loser ends after the call.
  bool hedge = false;
  /// Which errors the fallback of `run_or` stands in for, once retries are over.
  error_filter fallback_when = is_unavailable;
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
    using T = detail::value_of<F>;
    auto op = start(rt.now(), call, detail::is_task<detail::returned<F>>);
    if constexpr (detail::is_task<detail::returned<F>>)
      if (call.hedge)
        return detail::drive<T, hedging<T, F>>(
            rt, std::move(op), hedging<T, F>{*this, std::make_shared<F>(std::move(fn))}, nullptr);
    return detail::drive<T, F>(rt, std::move(op), std::move(fn), nullptr);
  }

  /// `run`, and what stands in where it ends with an error of `run_options::fallback_when`: a
  /// value, or a callable that takes the error or nothing. The failure counts as one all the same.
  template <class F, class G>
  auto run_or(F&& fn, G instead, const run_options& call = {}) {
    using R = detail::returned<std::remove_reference_t<F>>;
    return detail::unwrap_for_caller<R>(
        or_fallback(try_run(std::forward<F>(fn), call), std::move(instead), call.fallback_when));
  }
  template <class F, class G>
  task<result<detail::value_of<F>>> run_or(runtime& rt, F fn, G instead,
                                           const run_options& call = {}) {
    return detail::finish_or_fall_back(run(rt, std::move(fn), call), std::move(instead),
                                       call.fallback_when);
  }

  [[nodiscard]] circuit_breaker& breaker() noexcept { return breaker_; }
  [[nodiscard]] concurrency_limiter& limiter() noexcept { return limiter_; }
  [[nodiscard]] retry_budget& budget() noexcept { return budget_; }
  /// The usual time of a successful attempt; zero before the first.
  [[nodiscard]] duration median_attempt() const noexcept { return median_.value(); }
  /// Of calls with `hedge`: the time within which 95 in 100 succeeded.
  [[nodiscard]] const p95_estimate& usual() const noexcept { return usual_; }

private:
  /// An attempt that may become two.
  template <class T, class F>
  struct hedging {
    pipeline& owner;
    std::shared_ptr<F> fn;
    task<result<T>> operator()(attempt& a) { return owner.race<T>(fn, a); }
  };

  /// One of the two: `a` lives here, as the caller's may be gone.
  template <class T, class F>
  static task<result<T>> run_one(std::shared_ptr<F> fn, runtime& home, deadline until,
                                 std::uint32_t number) {
    attempt a{home, until, number};
    auto work = detail::call_attempt(*fn, a);
    if constexpr (std::is_void_v<typename detail::returned<F>::value_type>) {
      co_await std::move(work);
      co_return result<T>{};
    } else {
      co_return co_await std::move(work);
    }
  }

  template <class T, class F>
  task<result<T>> race(std::shared_ptr<F> fn, attempt& a) {
    runtime& rt = a.home();
    const time_point began = rt.now();
    const deadline until = a.until();
    const std::uint32_t number = a.number();
    const auto wait =
        hedge_after(options_.hedge, usual_.value(), usual_.samples(), until.remaining(began));
    const auto make = [fn, until, number](runtime& home, std::uint32_t) {
      return run_one<T, F>(fn, home, until, number);
    };
    const auto may = [this] { return budget_.try_spend(options_.hedge.budget_cost); };
    detail::race_report report;
    auto work = detail::race_attempts<T>(rt, until, wait, make, may, report);
    auto ended = co_await std::move(work);
    if (ended) usual_.add(rt.now() - began);
    co_return ended;
  }

  [[nodiscard]] detail::operation start(time_point now, const run_options& call,
                                        bool can_hedge = false) {
    if (call.hedge && (!can_hedge || !call.idempotent)) reject_hedge();
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
  [[noreturn]] static void reject_hedge();

  const pipeline_options options_;
  retry_budget budget_;
  circuit_breaker breaker_;
  concurrency_limiter limiter_;
  median_estimate median_;
  p95_estimate usual_;
};

} // namespace holdfast
