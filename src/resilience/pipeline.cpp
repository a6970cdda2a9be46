#include "resilience/violations.hpp"

#include <holdfast/pipeline.hpp>
#include <holdfast/retry.hpp>

namespace holdfast {

namespace detail {

void throw_violations(const std::vector<std::string>& found) {
  if (found.empty()) return;
  std::string all;
  for (const auto& one : found) all += (all.empty() ? "" : "\n") + one;
  throw_error(make_error(errc::invalid_configuration, std::move(all)));
}

void require_valid(const retry_options& policies, const retry_settings& settings) {
  violation_list out;
  out.append(validate(policies));
  out.time("deadline", settings.deadline);
  throw_violations(out.take());
}

} // namespace detail

retry_options same_for_all(const retry_policy& policy) {
  retry_options all;
  all.connect = all.conflict = all.busy = all.failover = all.overload = all.statement = policy;
  return all;
}

namespace {

pipeline_options checked(pipeline_options o) {
  detail::violation_list out;
  out.time("deadline", o.deadline);
  if (o.attempt_timeout) out.time("attempt_timeout", *o.attempt_timeout);
  out.append(validate(o.retry));
  out.append(validate(o.budget));
  out.append(validate(o.breaker));
  out.append(validate(o.limiter));
  out.append(validate(o.hedge));
  detail::throw_violations(out.take());
  return o;
}

std::uint64_t seed_or_random(std::optional<std::uint64_t> seed) {
  if (seed) return *seed;
  thread_runtime rt;
  return rt.random();
}

} // namespace

pipeline::pipeline(pipeline_options options, std::optional<std::uint64_t> seed)
    : options_{checked(std::move(options))}, budget_{options_.budget},
      breaker_{options_.breaker, seed_or_random(seed), options_.events, {}, options_.name},
      limiter_{options_.limiter} {}

void pipeline::reject_deadline() {
  throw_error(make_error(errc::invalid_configuration, "deadline: takes a time above zero"));
}

void pipeline::reject_hedge() {
  throw_error(make_error(errc::invalid_configuration,
                         "hedge: takes a callable that returns a task, run over a runtime, and "
                         "idempotent"));
}

} // namespace holdfast
