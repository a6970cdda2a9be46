#include "base/option_bounds.hpp"
#include "resilience/violations.hpp"

#include <holdfast/resilience_options.hpp>

#include <string_view>

namespace holdfast {
namespace {

using detail::positive_time;
using detail::share;
using detail::violation_list;
namespace bounds = detail::bounds;

void check(violation_list& out, std::string_view at, const retry_policy& p) {
  out.within(at);
  const backoff_options& b = p.backoff;
  out.bounded("max_retries", p.max_retries, bounds::max_retries);
  out.bounded("base", b.base, positive_time);
  out.bounded("cap", b.cap, positive_time);
  if (b.base > b.cap) out.add("base", "more than cap", "at most cap");
  out.bounded("factor", b.factor, bounds::factor);
  out.bounded("budget_cost", p.budget_cost, bounds::budget_cost);
}

} // namespace

std::vector<std::string> validate(const retry_policy& options) {
  violation_list out;
  check(out, "retry.", options);
  return out.take();
}

std::vector<std::string> validate(const retry_options& options) {
  violation_list out;
  check(out, "retry.connect.", options.connect);
  check(out, "retry.conflict.", options.conflict);
  check(out, "retry.busy.", options.busy);
  check(out, "retry.failover.", options.failover);
  check(out, "retry.overload.", options.overload);
  check(out, "retry.statement.", options.statement);
  return out.take();
}

std::vector<std::string> validate(const retry_budget_options& options) {
  violation_list out;
  out.bounded("retry_budget.capacity", options.capacity, bounds::budget_capacity);
  out.bounded("retry_budget.deposit_per_success", options.deposit_per_success,
              bounds::budget_deposit);
  return out.take();
}

std::vector<std::string> validate(const breaker_options& o) {
  violation_list out;
  out.bounded("breaker.window_calls", o.window_calls, bounds::breaker_calls);
  out.bounded("breaker.window_length", o.window_length, bounds::breaker_window);
  out.bounded("breaker.minimum_calls", o.minimum_calls, bounds::breaker_calls);
  if (o.window == breaker_options::window_kind::count && o.minimum_calls > o.window_calls)
    out.add("breaker.minimum_calls", "more than window_calls", "at most window_calls");
  out.bounded("breaker.failure_rate_threshold", o.failure_rate_threshold, share);
  out.bounded("breaker.slow_call_rate_threshold", o.slow_call_rate_threshold, share);
  out.bounded("breaker.slow_call_after", o.slow_call_after, positive_time);
  out.bounded("breaker.open_for", o.open_for, positive_time);
  out.bounded("breaker.max_open_for", o.max_open_for, positive_time);
  if (o.open_for > o.max_open_for)
    out.add("breaker.open_for", "more than max_open_for", "at most max_open_for");
  out.bounded("breaker.half_open_probes", o.half_open_probes, bounds::breaker_probes);
  out.bounded("breaker.ramp", o.ramp, bounds::breaker_ramp);
  return out.take();
}

std::vector<std::string> validate(const limiter_options& o) {
  violation_list out;
  out.bounded("limiter.floor", o.floor, bounds::limiter_size);
  out.bounded("limiter.ceiling", o.ceiling, bounds::limiter_size);
  if (o.floor > o.ceiling) out.add("limiter.floor", "more than ceiling", "at most ceiling");
  out.bounded("limiter.tolerance", o.tolerance, bounds::limiter_tolerance);
  out.bounded("limiter.decrease", o.decrease, bounds::limiter_decrease);
  return out.take();
}

std::vector<std::string> validate(const hedge_options& o) {
  violation_list out;
  out.bounded("hedge.floor", o.floor, positive_time);
  out.bounded("hedge.minimum_samples", o.minimum_samples, bounds::hedge_samples);
  out.bounded("hedge.budget_cost", o.budget_cost, bounds::budget_cost);
  return out.take();
}

} // namespace holdfast
