// Health: asked for, or every so often in the background.
#include "database/database_core.hpp"
#include "database/health_watch.hpp"
#include "database/threshold_watch.hpp"

#include <fmt/format.h>

namespace holdfast::detail {

namespace {

double utilisation_of(const pool_snapshot& p) {
  return p.max_size == 0 ? 0.0 : static_cast<double>(p.in_use + p.connecting) / p.max_size;
}

double milliseconds(duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

/// What its numbers say. Of several the one that takes writes `counts`; trouble of another degrades
/// the database, and does not end its service.
template <class Note>
void judge_host(const host_status& seen, const health_options& limits, bool counts,
                const Note& note) {
  const health worst = counts ? health::unhealthy : health::degraded;
  if (!seen.up) note(worst, fmt::format("{} is down: {}", seen.host, seen.last_error));
  if (seen.breaker == breaker_state::open || seen.breaker == breaker_state::half_open)
    note(worst, fmt::format("the circuit breaker of {} is {}", seen.host, to_string(seen.breaker)));
  if (limits.utilisation_threshold && utilisation_of(seen.pool) >= *limits.utilisation_threshold)
    note(health::degraded, fmt::format("{} of {} connections are in use, {} callers wait",
                                       seen.pool.in_use, seen.pool.max_size, seen.pool.waiting));
}

/// One round trip on a connection of the pool, behind everybody else.
task<result<duration>> measure(runtime& rt, host& at, duration limit) {
  const time_point began = rt.now();
  const deadline until = deadline::after(began, limit);
  const acquire_request request{
      .until = until, .priority = priority::background, .operation = "health"};
  auto lease = co_await at.connections().acquire(rt, request);
  if (!lease) co_return at.explain(std::move(lease.error()));
  const time_point asked = rt.now();
  auto answered = co_await (**lease)->ping(rt, until);
  if (answered) co_return rt.now() - asked;
  lease->discard();
  at.report(answered.error(), lease->generation());
  co_return std::move(answered.error());
}

} // namespace

task<health_report> database_core::check_health(runtime& rt) {
  health_report report;
  const auto note = [&report](health how, std::string reason) {
    report.status = std::max(report.status, how);
    report.reasons.push_back(std::move(reason));
  };
  host* const writer = hosts_->writer();
  if (!writer && hosts_->suspended())
    note(health::degraded, "suspended for a switch");
  else if (!writer)
    note(health::unhealthy, hosts_->refusal().message);
  result<duration> round_trip = duration{};
  if (writer) {
    auto measured = co_await measure(rt, *writer, options_.health.timeout);
    round_trip = std::move(measured);
  }
  for (const host_status& seen : hosts_->status(rt.now())) {
    const bool counts = !hosts_->several() || seen.writer;
    judge_host(seen, options_.health, counts, note);
    if (!counts || !seen.up || round_trip) continue;
    if (seen.pool.in_use >= seen.pool.max_size)
      note(health::degraded, "no connection was free for the check: all are in use");
    else
      note(health::unhealthy, "the check failed: " + to_string(round_trip.error()));
  }
  if (round_trip) report.latency = *round_trip;
  const auto& slow = options_.health.latency_threshold;
  if (slow && report.latency >= *slow)
    note(health::degraded, fmt::format("a round trip took {:.0f} ms; the threshold is {:.0f} ms",
                                       milliseconds(report.latency), milliseconds(*slow)));
  co_return report;
}

task<void> watch_health(std::shared_ptr<runtime> rt, std::weak_ptr<host> watched,
                        health_options how) {
  threshold_watch watch{how};
  while (co_await rt->sleep_until(rt->now() + *how.interval) != wait_status::cancelled) {
    const auto at = watched.lock();
    if (!at) co_return;
    const auto round_trip = co_await measure(*rt, *at, how.timeout);
    const error* failure = round_trip ? nullptr : &round_trip.error();
    if (rt->cancelled() || (failure && failure->code == errc::pool_closed)) co_return;
    health_sample sample;
    sample.failed = !round_trip;
    if (round_trip) sample.latency = *round_trip;
    sample.utilisation = utilisation_of(at->connections().snapshot());
    for (const threshold_change& c : watch.add(sample))
      at->publish({.kind = c.kind,
                   .reason = c.reason,
                   .operation = "health",
                   .value = c.value,
                   .failure = failure});
  }
}

} // namespace holdfast::detail
