// What a handle is told besides calls: its numbers, suspend and resume, reset, close.
#include "database/database_core.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::detail {

database_status database_core::status() const {
  const time_point now = background_->now();
  database_status s;
  s.name = options_.name;
  s.engine = driver_->engine();
  s.hosts = hosts_->status(now);
  s.suspended = hosts_->suspended();
  s.retry_budget = budget_->balance();
  s.operations = operations_.load(std::memory_order_relaxed);
  s.failures = failures_.load(std::memory_order_relaxed);
  s.attempts = attempts_.load(std::memory_order_relaxed);
  s.retries = retries_.load(std::memory_order_relaxed);
  s.outcomes_resolved = resolved_.load(std::memory_order_relaxed);
  s.outcomes_unknown = unknown_.load(std::memory_order_relaxed);
  s.served_stale = served_stale_.load(std::memory_order_relaxed);
  s.hedges = hedges_.load(std::memory_order_relaxed);
  s.hedges_won = hedges_won_.load(std::memory_order_relaxed);
  s.median_latency = median_.value();
  const std::lock_guard lock{journals_mutex_};
  for (const auto& tell : journals_)
    if (auto told = tell()) s.journals.push_back(std::move(*told));
  return s;
}

void database_core::add_journal(std::function<std::optional<journal_status>()> tell) {
  const std::lock_guard lock{journals_mutex_};
  std::erase_if(journals_, [](const auto& each) { return !each(); });
  journals_.push_back(std::move(tell));
}

task<bool> database_core::suspend(runtime& rt, duration drain) {
  constexpr duration look_again = std::chrono::milliseconds{2};
  // Who gets a lease after we have looked into its pool finds the database suspended and gives it
  // back: both look under the pool's lock.
  hosts_->suspend();
  const deadline until = deadline::after(rt.now(), drain);
  for (;;) {
    const bool busy = std::ranges::any_of(
        hosts_->hosts(), [](const auto& h) { return h->connections().snapshot().in_use > 0; });
    if (!busy) co_return true;
    if (until.expired(rt.now())) co_return false;
    const auto next = std::min(rt.now() + look_again, until.at());
    if (co_await rt.sleep_until(next) == wait_status::cancelled) co_return false;
  }
}

void database_core::resume() { hosts_->resume(); }

void database_core::reset() {
  budget_->refill();
  hosts_->reset();
}

task<bool> database_core::close(runtime& rt, duration limit) {
  hosts_->stop();
  const deadline until = deadline::after(rt.now(), limit);
  for (const auto& h : hosts_->hosts()) h->connections().close();
  bool all = true;
  for (const auto& h : hosts_->hosts()) {
    auto drained = co_await h->connections().close(rt, until);
    all = all && drained.has_value();
  }
  if (observers_->log) observers_->log->finish();
  co_return all;
}

void database_core::watch_gauges() {
  const auto& measures = observers_->measures;
  if (measures.empty()) return;
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const std::weak_ptr<host> weak = hosts_->hosts()[i];
    measures[i]->read_pool_with([weak]() -> std::optional<gauge_readings> {
      const auto alive = weak.lock();
      if (!alive) return std::nullopt;
      const pool_snapshot p = alive->connections().snapshot();
      return gauge_readings{p.idle,     p.in_use,   p.connecting, p.waiting,
                            p.min_size, p.max_size, p.lease_limit};
    });
  }
  // The budget is the database's; it stands with its first host.
  measures.front()->read_budget_with([weak = std::weak_ptr{budget_}]() -> std::optional<double> {
    const auto alive = weak.lock();
    if (!alive) return std::nullopt;
    return alive->balance();
  });
}

} // namespace holdfast::detail
