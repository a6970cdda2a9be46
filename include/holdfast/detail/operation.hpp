// One operation on its way through retry, breaker and limiter; what `pipeline` and `with_retry`
// share. Promises nothing to users.
#pragma once

#include <holdfast/attempt.hpp>
#include <holdfast/circuit_breaker.hpp>
#include <holdfast/concurrency_limiter.hpp>
#include <holdfast/event.hpp>
#include <holdfast/median_estimate.hpp>
#include <holdfast/retry_decision.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace holdfast::detail {

/// The layers around an attempt; null where there is none. All outlive the operation.
struct operation_parts {
  const retry_options* retry;
  retry_budget* budget = nullptr;
  circuit_breaker* breaker = nullptr;
  concurrency_limiter* limiter = nullptr;
  median_estimate* median = nullptr;
  const exception_filter* retry_if = nullptr;
  observer* events = nullptr;
  std::optional<duration> attempt_timeout = std::nullopt;
  std::string_view name{};
  std::string_view trace_id{};
  std::string_view host{};
};

class operation {
public:
  operation(const operation_parts& parts, const retry_terms& terms, time_point start) noexcept
      : parts_{parts}, session_{*parts.retry, terms, start} {}

  [[nodiscard]] time_point start() const noexcept { return session_.start(); }

  /// The next attempt goes to another host.
  void turn_to(circuit_breaker* breaker, std::string_view host) noexcept {
    parts_.breaker = breaker;
    parts_.host = host;
  }
  /// Another host answered in place of the one that was asked, which is no success of that one.
  void answered_elsewhere() noexcept { pass_ = {}; }
  /// Where hosts have breakers: false after it was turned to none.
  [[nodiscard]] bool has_host() const noexcept { return parts_.breaker != nullptr; }

  /// Asks breaker and limiter; false: `refusal` tells the caller why.
  [[nodiscard, gnu::hot]] bool begin(time_point now) {
    began_ = now;
    if (parts_.breaker) {
      pass_ = parts_.breaker->acquire(now);
      if (!pass_) return false;
    }
    if (parts_.limiter) {
      place_ = parts_.limiter->try_acquire();
      if (!place_) return false;
    }
    session_.attempt_begins();
    thrown_ = nullptr;
    return true;
  }
  [[nodiscard]] error refusal(time_point now);

  [[nodiscard]] attempt current(runtime& rt) const noexcept {
    const deadline end = session_.terms().until;
    const std::uint32_t number = session_.state().attempts;
    if (!parts_.attempt_timeout) return {rt, end, number};
    return {rt, earliest(end, deadline::after(began_, *parts_.attempt_timeout)), number};
  }

  [[gnu::hot]] void succeeded(time_point now) noexcept {
    const duration took = now - began_;
    if (parts_.median) parts_.median->add(took);
    if (parts_.budget) parts_.budget->deposit();
    if (parts_.limiter) place_.ended(took, false);
    if (parts_.breaker) pass_.succeeded(now);
  }

  /// After a failed attempt or a refusal.
  [[nodiscard]] retry_decision failed(error e, time_point now, std::uint64_t random);
  /// Before `failed`: what is known beyond the error.
  void note_facts(bool repeatable, bool in_doubt, bool settled) noexcept {
    session_.note_facts(repeatable, in_doubt, settled);
  }
  /// After a `wait_for_host`: how long it took, without the pause.
  void waited_for_host(duration d) noexcept { session_.waited_for_host(d); }
  /// The wait before a retry was cut short.
  [[nodiscard]] error interrupted(wait_status why, time_point now);
  /// Throws instead when the error is an exception of the callable: it leaves as it came.
  [[nodiscard]] error give_up(time_point now);

  /// For use in a handler: keeps an exception that the filter knows, rethrows the others.
  [[nodiscard]] error keep_exception(const std::exception& e);

private:
  void report_attempt(const error& e, time_point now) noexcept;
  void tell(event_kind kind, const retry_decision& d, time_point now) const noexcept;

  operation_parts parts_;
  retry_session session_;
  time_point began_{};
  circuit_breaker::permit pass_;
  concurrency_limiter::permit place_;
  std::exception_ptr thrown_;
};

/// One plain call.
template <class T, class F>
result<T> run_plain(operation& op, F& fn, attempt& a) {
  try {
    return as_result<T>([&]() -> decltype(auto) { return call_attempt(fn, a); });
  } catch (const database_error& e) {
    return e.details();
  } catch (const std::exception& e) {
    return op.keep_exception(e);
  }
}

/// An attempt that is a task, as an awaiter that turns what it returns or throws into result<T>
/// without another frame.
template <class T, class Work>
class pending_attempt {
public:
  pending_attempt(operation& op, Work work) noexcept
      : op_{op}, work_{std::move(work)}, inner_{std::move(work_).operator co_await()} {}
  pending_attempt(const pending_attempt&) = delete;
  pending_attempt& operator=(const pending_attempt&) = delete;

  bool await_ready() noexcept { return inner_.await_ready(); }
  auto await_suspend(std::coroutine_handle<> caller) { return inner_.await_suspend(caller); }
  result<T> await_resume() {
    try {
      return as_result<T>([this]() { return inner_.await_resume(); });
    } catch (const database_error& e) {
      return e.details();
    } catch (const std::exception& e) {
      return op_.keep_exception(e);
    }
  }

private:
  operation& op_;
  Work work_;
  decltype(std::declval<Work>().operator co_await()) inner_;
};

/// The same for one that is over when it returns.
template <class T>
struct finished_attempt {
  result<T> value;
  bool await_ready() noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) noexcept {}
  result<T> await_resume() { return std::move(value); }
};

template <class T, class F>
auto start_attempt(operation& op, F& fn, attempt& a) {
  if constexpr (is_task<returned<F>>)
    return pending_attempt<T, returned<F>>{op, call_attempt(fn, a)};
  else
    return finished_attempt<T>{run_plain<T>(op, fn, a)};
}

/// The one algorithm: attempts until success or until the decision says stop. `failure` is that of
/// an attempt made already, or null. F may be a reference.
template <class T, class F>
task<result<T>> drive(runtime& rt, operation op, F fn, std::unique_ptr<error> failure) {
  time_point now = failure ? rt.now() : op.start();
  for (;;) {
    if (!failure && !op.begin(now)) failure = std::make_unique<error>(op.refusal(now));
    if (!failure) {
      attempt a = op.current(rt);
      auto work = start_attempt<T>(op, fn, a);
      result<T> r = co_await work;
      now = rt.now();
      if (r) {
        op.succeeded(now);
        co_return r;
      }
      failure = std::make_unique<error>(std::move(r).error());
    }
    const retry_decision d = op.failed(std::move(*failure), now, rt.random());
    failure.reset();
    if (d.what == retry_decision::action::give_up) co_return op.give_up(now);
    const wait_status woke = co_await rt.sleep_until(now + d.delay);
    now = rt.now();
    if (woke == wait_status::cancelled) co_return op.interrupted(woke, now);
  }
}

/// The same for a calling thread: the first attempt without a coroutine, the others by `drive`.
template <class T, class F>
result<T> drive_inline(runtime& rt, operation& op, F& fn) {
  static_assert(!is_task<returned<F>>, "a callable that returns a task needs a runtime");
  std::unique_ptr<error> failure;
  if (op.begin(op.start())) {
    attempt a = op.current(rt);
    result<T> r = run_plain<T>(op, fn, a);
    if (r) {
      op.succeeded(rt.now());
      return r;
    }
    failure = std::make_unique<error>(std::move(r).error());
  } else {
    failure = std::make_unique<error>(op.refusal(op.start()));
  }
  return run_inline(drive<T, F&>(rt, std::move(op), fn, std::move(failure)));
}

/// What a blocking form returns: result<T> where the callable does, else T, by exception.
template <class R, class T>
auto unwrap_for_caller(result<T> r) {
  if constexpr (is_result<R>)
    return r;
  else
    return std::move(r).value();
}

} // namespace holdfast::detail
