#include "resilience/violations.hpp"

#include <holdfast/resilience_options.hpp>

#include <cstdint>
#include <string_view>

namespace holdfast {
namespace {

using detail::violation_list;

void check(violation_list& out, std::string_view at, const retry_policy& p) {
  out.within(at);
  const backoff_options& b = p.backoff;
  if (p.max_retries) out.in_range("max_retries", *p.max_retries, 0, 10000);
  out.time("base", b.base);
  out.time("cap", b.cap);
  if (b.base > b.cap) out.add("base", "more than cap", "at most cap");
  out.in_range("factor", b.factor, 1.0, 100.0);
  out.in_range("budget_cost", p.budget_cost, 0.0, 1000.0);
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
  out.in_range("retry_budget.capacity", options.capacity, 0.0, 1e6);
  out.in_range("retry_budget.deposit_per_success", options.deposit_per_success, 0.0, 1000.0);
  return out.take();
}

std::vector<std::string> validate(const breaker_options& o) {
  violation_list out;
  out.in_range("breaker.window_calls", o.window_calls, 1, 1'000'000);
  out.in_range("breaker.window_length", o.window_length.count(), std::int64_t{1},
               std::int64_t{86400});
  out.in_range("breaker.minimum_calls", o.minimum_calls, 1, 1'000'000);
  if (o.window == breaker_options::window_kind::count && o.minimum_calls > o.window_calls)
    out.add("breaker.minimum_calls", "more than window_calls", "at most window_calls");
  out.share("breaker.failure_rate_threshold", o.failure_rate_threshold);
  out.share("breaker.slow_call_rate_threshold", o.slow_call_rate_threshold);
  out.time("breaker.slow_call_after", o.slow_call_after);
  out.time("breaker.open_for", o.open_for);
  out.time("breaker.max_open_for", o.max_open_for);
  if (o.open_for > o.max_open_for)
    out.add("breaker.open_for", "more than max_open_for", "at most max_open_for");
  out.in_range("breaker.half_open_probes", o.half_open_probes, 1, 10000);
  out.time("breaker.ramp", o.ramp);
  return out.take();
}

std::vector<std::string> validate(const limiter_options& o) {
  violation_list out;
  out.in_range("limiter.floor", o.floor, 1, 1'000'000);
  out.in_range("limiter.ceiling", o.ceiling, 1, 1'000'000);
  if (o.floor > o.ceiling) out.add("limiter.floor", "more than ceiling", "at most ceiling");
  if (!(o.tolerance > 1.0)) out.add("limiter.tolerance", std::to_string(o.tolerance), "above 1");
  if (!(o.decrease > 0.0 && o.decrease < 1.0))
    out.add("limiter.decrease", std::to_string(o.decrease), "above 0 and below 1");
  return out.take();
}

} // namespace holdfast
