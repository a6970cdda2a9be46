// Health: asked for, or every so often in the background.
#include "database/database_core.hpp"
#include "database/threshold_watch.hpp"

#include <fmt/format.h>

namespace holdfast::detail {

namespace {

double utilisation_of(const pool_snapshot& p) {
  return p.max_size == 0 ? 0.0 : static_cast<double>(p.in_use + p.connecting) / p.max_size;
}

double milliseconds(duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

} // namespace

/// One round trip on a connection of the pool, behind everybody else.
task<result<duration>> database_core::measure(runtime& rt) {
  const time_point began = rt.now();
  const deadline until = deadline::after(began, options_.health.timeout);
  const acquire_request request{
      .until = until, .priority = priority::background, .operation = "health"};
  auto lease = co_await host_->connections().acquire(rt, request);
  if (!lease) co_return host_->explain(std::move(lease.error()));
  const time_point asked = rt.now();
  auto answered = co_await (**lease)->ping(rt, until);
  if (answered) co_return rt.now() - asked;
  lease->discard();
  host_->report(answered.error(), lease->generation());
  co_return std::move(answered.error());
}

task<health_report> database_core::check_health(runtime& rt) {
  health_report report;
  const auto note = [&report](health how, std::string reason) {
    report.status = std::max(report.status, how);
    report.reasons.push_back(std::move(reason));
  };
  const auto round_trip = co_await measure(rt);
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

/// Until the database is abandoned. `alive` outlives it: the wake-up after that finds it empty.
task<void> database_core::watch_health(std::shared_ptr<runtime> rt,
                                       std::shared_ptr<database_core*> alive, duration interval) {
  const call_terms terms{{}, deadline{time_point::max()}, "health"};
  std::optional<threshold_watch> watch;
  while (co_await rt->sleep_until(rt->now() + interval) != wait_status::cancelled) {
    database_core* const self = *alive;
    if (!self) co_return;
    if (!watch) watch.emplace(self->options_.health);
    const auto round_trip = co_await self->measure(*rt);
    if (rt->cancelled() || !*alive) co_return;
    health_sample sample;
    sample.failed = !round_trip;
    if (round_trip) sample.latency = *round_trip;
    sample.utilisation = utilisation_of(self->host_->connections().snapshot());
    for (const threshold_change& c : watch->add(sample)) {
      const error* failure = round_trip ? nullptr : &round_trip.error();
      self->publish({.kind = c.kind, .reason = c.reason, .value = c.value, .failure = failure},
                    rt->now(), terms);
    }
  }
}

} // namespace holdfast::detail
