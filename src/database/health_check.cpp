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
  const auto round_trip = co_await measure(rt, *host_, options_.health.timeout);
  const host_status seen = host_->status(rt.now());
  const health_options& limits = options_.health;
  if (!seen.up)
    note(health::unhealthy, fmt::format("{} is down: {}", seen.host, seen.last_error));
  else if (!round_trip && seen.pool.in_use >= seen.pool.max_size)
    note(health::degraded, "no connection was free for the check: all are in use");
  else if (!round_trip)
    note(health::unhealthy, "the check failed: " + to_string(round_trip.error()));
  if (seen.breaker == breaker_state::open || seen.breaker == breaker_state::half_open)
    note(health::unhealthy, "the circuit breaker is " + std::string{to_string(seen.breaker)});
  if (round_trip) report.latency = *round_trip;
  if (limits.latency_threshold && report.latency >= *limits.latency_threshold)
    note(health::degraded,
         fmt::format("a round trip took {:.0f} ms; the threshold is {:.0f} ms",
                     milliseconds(report.latency), milliseconds(*limits.latency_threshold)));
  if (limits.utilisation_threshold && utilisation_of(seen.pool) >= *limits.utilisation_threshold)
    note(health::degraded, fmt::format("{} of {} connections are in use, {} callers wait",
                                       seen.pool.in_use, seen.pool.max_size, seen.pool.waiting));
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
