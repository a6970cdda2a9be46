// Two attempts of one call, the second only if the first takes long: the first success counts.
// Promises nothing to users.
#pragma once

#include <holdfast/exceptions.hpp>
#include <holdfast/runtime.hpp>

#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace holdfast::detail {

/// How one attempt ended: with a result, or with an exception that is none of ours.
template <class T>
struct race_end {
  std::optional<result<T>> value;
  std::exception_ptr thrown;
  [[nodiscard]] bool won() const noexcept { return value && value->has_value(); }
};

/// What the attempts and their caller share. The loser may outlive the caller: all that an attempt
/// touches belongs to it or to `make`.
template <class T>
struct race_state {
  /// Starts attempt 0 or 1 on a runtime of its own.
  using make_attempt = std::function<task<result<T>>(runtime& home, std::uint32_t number)>;

  explicit race_state(make_attempt m) : make{std::move(m)} {}

  make_attempt make;
  std::mutex mutex;         // guards all below
  waiter* caller = nullptr; // while it waits
  std::array<std::optional<race_end<T>>, 2> ends;
  std::uint32_t started = 0;

  /// Under the lock.
  [[nodiscard]] bool over() const noexcept {
    for (const auto& e : ends)
      if (e && e->won()) return true;
    return ends[0] && (started < 2 || ends[1]);
  }
};

template <class T>
task<void> run_attempt(std::shared_ptr<race_state<T>> race, branch on, std::uint32_t number) {
  race_end<T> end;
  try {
    task<result<T>> work = race->make(*on.home, number);
    end.value.emplace(co_await std::move(work));
  } catch (const database_error& e) {
    end.value.emplace(e.details());
  } catch (...) {
    end.thrown = std::current_exception();
  }
  const std::lock_guard lock{race->mutex};
  race->ends[number] = std::move(end);
  if (race->caller) race->caller->unpark();
}

template <class T>
void start_attempt_on(runtime& rt, const branch& on, const std::shared_ptr<race_state<T>>& race) {
  std::uint32_t number = 0;
  {
    const std::lock_guard lock{race->mutex};
    number = race->started++;
  }
  rt.spawn(run_attempt<T>(race, on, number));
}

/// Until the race is over (`ready`), or the deadline, or a cancellation.
template <class T>
task<wait_status> wait_for_end(runtime& rt, race_state<T>& race, deadline until) {
  for (;;) {
    waiter mine{rt};
    {
      const std::lock_guard lock{race.mutex};
      if (race.over()) co_return wait_status::ready;
      race.caller = &mine;
    }
    const wait_status woke = co_await rt.park(mine, until);
    const std::lock_guard lock{race.mutex};
    race.caller = nullptr;
    if (woke != wait_status::ready) co_return race.over() ? wait_status::ready : woke;
  }
}

/// A win, or the failure of the first attempt; which is not without effect if the other's is not.
template <class T>
result<T> take_end(race_state<T>& race) {
  const std::lock_guard lock{race.mutex};
  auto& chosen = race.ends[1] && race.ends[1]->won() ? race.ends[1] : race.ends[0];
  if (chosen->thrown) std::rethrow_exception(chosen->thrown);
  if (!chosen->won()) {
    const auto& other = race.ends[1];
    side_effect& effect = chosen->value->error().effect;
    if (other && other->value && effect == side_effect::none) effect = other->value->error().effect;
  }
  return std::move(*chosen->value);
}

/// Which attempts there were, for the books.
struct race_report {
  bool hedged = false;
  bool second_won = false;
  bool left = false; ///< the caller went before any of them said how it ended
};

/// Each attempt ends by `until` itself; the caller gives them a moment more to say why. A second
/// one is started `wait` after the first, if there is a `wait` and then `may_hedge()`.
template <class T, class May>
task<result<T>> race_attempts(runtime& rt, deadline until, std::optional<duration> wait,
                              typename race_state<T>::make_attempt make, May may_hedge,
                              race_report& report) {
  auto race = std::make_shared<race_state<T>>(std::move(make));
  const deadline end = deadline::after(until.at(), std::chrono::milliseconds{100});
  const deadline first_alone = wait ? deadline::after(rt.now(), *wait) : end;
  const branch first = rt.fork();
  if (!first.home) { // no loop to race on
    task<result<T>> alone = race->make(rt, 0);
    co_return co_await std::move(alone);
  }
  start_attempt_on(rt, first, race);
  branch second;
  wait_status status = co_await wait_for_end(rt, *race, first_alone);
  if (status == wait_status::timed_out && wait) {
    if (may_hedge()) {
      second = rt.fork();
      start_attempt_on(rt, second, race);
      report.hedged = true;
    }
    status = co_await wait_for_end(rt, *race, end);
  }
  // To one that has ended this is nothing.
  first.cancel();
  if (second.cancel) second.cancel();
  if (status != wait_status::ready) {
    report.left = true;
    error e = wait_error(status, "waiting for two attempts");
    e.when = phase::sent;
    co_return e;
  }
  {
    const std::lock_guard lock{race->mutex};
    report.second_won = race->ends[1] && race->ends[1]->won();
  }
  co_return take_end(*race);
}

} // namespace holdfast::detail
