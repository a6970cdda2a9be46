#include "base/option_rows.hpp"

namespace holdfast::detail {
namespace {

template <class Access>
void add_policy(row_builder b, const std::string& prefix, Access, const std::string& what) {
  b.add(
      prefix + ".max_retries", [](auto& c) -> auto& { return Access{}(c).max_retries; },
      bounds::max_retries,
      "Retries after the first attempt " + what + "; unlimited: until the deadline.");
  b.add(
      prefix + ".base", [](auto& c) -> auto& { return Access{}(c).backoff.base; }, positive_time,
      "Delay before the first retry, before jitter.");
  b.add(
      prefix + ".cap", [](auto& c) -> auto& { return Access{}(c).backoff.cap; }, positive_time,
      "Longest delay, before jitter.");
  b.add(
      prefix + ".factor", [](auto& c) -> auto& { return Access{}(c).backoff.factor; },
      bounds::factor, "What each delay is multiplied by for the next.");
  b.add(
      prefix + ".jitter", [](auto& c) -> auto& { return Access{}(c).backoff.jitter; }, no_bounds,
      "How a delay is spread.");
  b.add(
      prefix + ".first_at_once", [](auto& c) -> auto& { return Access{}(c).backoff.first_at_once; },
      no_bounds, "The first retry waits nothing.");
  b.add(
      prefix + ".budget_cost", [](auto& c) -> auto& { return Access{}(c).budget_cost; },
      bounds::budget_cost, "What one retry takes from the retry budget.");
}

} // namespace

void add_retry_rows(std::vector<option>& rows) {
  row_builder b{rows};
  b.add(
      "retry.on_outage", [](auto& c) -> auto& { return c.options.retry.on_outage; }, no_bounds,
      "Wait for the host to come back, or tell each caller the cause at once.");
  add_policy(
      b, "retry.connect", [](auto& c) -> auto& { return c.options.retry.connect; }, "to connect");
  add_policy(
      b, "retry.conflict", [](auto& c) -> auto& { return c.options.retry.conflict; },
      "of a transaction that lost to another");
  add_policy(
      b, "retry.busy", [](auto& c) -> auto& { return c.options.retry.busy; },
      "at a locked SQLite file");
  add_policy(
      b, "retry.failover", [](auto& c) -> auto& { return c.options.retry.failover; },
      "while another server takes over");
  add_policy(
      b, "retry.overload", [](auto& c) -> auto& { return c.options.retry.overload; },
      "at an overloaded server");
  add_policy(
      b, "retry.statement", [](auto& c) -> auto& { return c.options.retry.statement; },
      "of a statement on a broken connection, where sending it again is safe");
  add_policy(
      row_builder{rows, applies_to::redis}, "redis_connect",
      [](auto& c) -> auto& { return c.options.redis_connect; }, "to connect to Redis");
  b.add(
      "retry_budget.capacity", [](auto& c) -> auto& { return c.options.retry_budget.capacity; },
      bounds::budget_capacity, "Most tokens saved up for retries.");
  b.add(
      "retry_budget.deposit_per_success",
      [](auto& c) -> auto& { return c.options.retry_budget.deposit_per_success; },
      bounds::budget_deposit, "Tokens that each success adds.");
}

void add_breaker_rows(std::vector<option>& rows) {
  row_builder b{rows};
  b.add(
      "breaker.start_as", [](auto& c) -> auto& { return c.options.breaker.start_as; }, no_bounds,
      "How the circuit breaker begins.");
  b.add(
      "breaker.window", [](auto& c) -> auto& { return c.options.breaker.window; }, no_bounds,
      "Rates are taken over the last calls, or over the last seconds.");
  b.add(
      "breaker.window_calls", [](auto& c) -> auto& { return c.options.breaker.window_calls; },
      bounds::breaker_calls, "Calls in a count window.");
  b.add(
      "breaker.window_length", [](auto& c) -> auto& { return c.options.breaker.window_length; },
      bounds::breaker_window, "Length of a time window.");
  b.add(
      "breaker.minimum_calls", [](auto& c) -> auto& { return c.options.breaker.minimum_calls; },
      bounds::breaker_calls, "Rates are not looked at below this many calls.");
  b.add(
      "breaker.failure_rate_threshold",
      [](auto& c) -> auto& { return c.options.breaker.failure_rate_threshold; }, share,
      "Opens at this share of failed calls.");
  b.add(
      "breaker.slow_call_rate_threshold",
      [](auto& c) -> auto& { return c.options.breaker.slow_call_rate_threshold; }, share,
      "Opens at this share of slow calls.");
  b.add(
      "breaker.slow_call_after", [](auto& c) -> auto& { return c.options.breaker.slow_call_after; },
      positive_time, "A call that takes longer is slow.");
  b.add(
      "breaker.open_for", [](auto& c) -> auto& { return c.options.breaker.open_for; },
      positive_time, "Stays open this long at first, doubling each time.");
  b.add(
      "breaker.max_open_for", [](auto& c) -> auto& { return c.options.breaker.max_open_for; },
      positive_time, "Longest time that it stays open.");
  b.add(
      "breaker.half_open_probes",
      [](auto& c) -> auto& { return c.options.breaker.half_open_probes; }, bounds::breaker_probes,
      "Calls admitted at once while half open.");
  b.add(
      "breaker.ramp", [](auto& c) -> auto& { return c.options.breaker.ramp; }, bounds::breaker_ramp,
      "Time over which admission grows from 10 % to 100 % once the probes succeeded; 0s: at once.");
  b.add(
      "limiter.enabled", [](auto& c) -> auto& { return c.options.limiter.enabled; }, no_bounds,
      "Lower the number of connections out at once when latency says congestion.");
  b.add(
      "limiter.floor", [](auto& c) -> auto& { return c.options.limiter.floor; },
      bounds::limiter_size, "Never lower than this.");
  b.add(
      "limiter.ceiling", [](auto& c) -> auto& { return c.options.limiter.ceiling; },
      bounds::limiter_size, "Never higher than this; at most `pool.max_size`.");
  b.add(
      "limiter.tolerance", [](auto& c) -> auto& { return c.options.limiter.tolerance; },
      bounds::limiter_tolerance,
      "Latency above this multiple of the long-term median is congestion.");
  b.add(
      "limiter.decrease", [](auto& c) -> auto& { return c.options.limiter.decrease; },
      bounds::limiter_decrease, "What congestion multiplies the limit by.");
}

void add_degradation_rows(std::vector<option>& rows) {
  row_builder b{rows};
  b.add(
      "hedge.floor", [](auto& c) -> auto& { return c.options.hedge.floor; }, positive_time,
      "Shortest wait before a hedged read is sent a second time.");
  b.add(
      "hedge.minimum_samples", [](auto& c) -> auto& { return c.options.hedge.minimum_samples; },
      bounds::hedge_samples, "Reads that must have told what is usual before any is hedged.");
  b.add(
      "hedge.budget_cost", [](auto& c) -> auto& { return c.options.hedge.budget_cost; },
      bounds::budget_cost, "What a second attempt takes from the retry budget.");
  b.add(
      "stale.max_age", [](auto& c) -> auto& { return c.options.stale.max_age; }, positive_time,
      "Results kept for `max_stale` are dropped at this age, whatever a call would take.");
  b.add(
      "stale.max_entries", [](auto& c) -> auto& { return c.options.stale.max_entries; },
      between(1, 10'000'000), "Most results kept; the least recently used goes first.");
  b.add(
      "stale.max_bytes", [](auto& c) -> auto& { return c.options.stale.max_bytes; },
      between(1024, 1e12), "Most memory for results kept, about.");
}

} // namespace holdfast::detail
