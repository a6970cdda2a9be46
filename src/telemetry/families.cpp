#include "telemetry/families.hpp"

#include "telemetry/family_writer.hpp"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::detail {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

// What metrics "of the database as a whole" normally have nothing to say of, and so leave out
// unless they do.
enum class scope : std::uint8_t { host, database };

struct family {
  std::string_view name;
  std::string_view help;
  MetricType type;
  scope of;
  void (*write)(family_writer&, const reading&);
};

double number(std::uint64_t n) { return static_cast<double>(n); }

void connection_states(family_writer& w, const reading& r) {
  if (!r.pool) return;
  w.value(r.pool->idle, "state", "idle");
  w.value(r.pool->used, "state", "used");
}

void operation_times(family_writer& w, const reading& r) {
  histogram_total failed;
  r.cold.failure.add_to(failed);
  w.times(r.hot.success, "outcome", "success");
  w.times(failed, "outcome", "failure");
}

void create_times(family_writer& w, const reading& r) {
  histogram_total total;
  r.cold.create.add_to(total);
  w.times(total);
}

void attempts_by_outcome(family_writer& w, const reading& r) {
  std::uint64_t succeeded = 0;
  for (const auto n : r.hot.success.buckets) succeeded += n;
  w.value(number(succeeded), "outcome", "success");
  w.value(r.kind(event_kind::attempt_failed), "outcome", "failure");
}

void breaker_states(family_writer& w, const reading& r) {
  if (!r.has_host) return;
  constexpr auto names = std::to_array<std::string_view>({"closed", "half_open", "open"});
  static_assert(names.size() == breaker_position_count);
  const auto now = static_cast<std::size_t>(r.cold.breaker.load(std::memory_order_relaxed));
  for (std::size_t i = 0; i < names.size(); ++i) w.value(i == now ? 1 : 0, "state", names[i]);
}

void breaker_transitions(family_writer& w, const reading& r) {
  if (!r.has_host) return;
  w.value(r.kind(event_kind::breaker_closed), "to", "closed");
  w.value(r.kind(event_kind::breaker_half_opened), "to", "half_open");
  w.value(r.kind(event_kind::breaker_opened), "to", "open");
}

void transactions(family_writer& w, const reading& r) {
  w.value(number(r.hot.committed), "outcome", "committed");
  w.value(r.kind(event_kind::transaction_rolled_back), "outcome", "rolled_back");
}

using enum event_reason;
constexpr auto gauge = MetricType::Gauge;
constexpr auto counts = MetricType::Counter;
constexpr auto times = MetricType::Histogram;

// In the order of the text.
constexpr auto families = std::to_array<family>({
    {"db_client_connection_count", "Connections by state.", gauge, scope::host, connection_states},
    {"db_client_connection_idle_min", "Connections that the pool keeps warm.", gauge, scope::host,
     [](family_writer& w, const reading& r) {
       if (r.pool) w.value(r.pool->min_size);
     }},
    {"db_client_connection_max", "The most connections that the pool opens.", gauge, scope::host,
     [](family_writer& w, const reading& r) {
       if (r.pool) w.value(r.pool->max_size);
     }},
    {"db_client_connection_pending_requests", "Callers that wait for a connection.", gauge, scope::host,
     [](family_writer& w, const reading& r) {
       if (r.pool) w.value(r.pool->pending);
     }},
    {"db_client_connection_timeouts_total", "Waits for a connection that timed out.", counts, scope::host,
     [](family_writer& w, const reading& r) {
       w.value(number(read(r.cold.acquire_failures[static_cast<std::size_t>(timeout)])));
     }},
    {"db_client_connection_create_time_seconds", "Time to open a connection.", times, scope::host, create_times},
    {"db_client_connection_wait_time_seconds", "Time to obtain a connection from the pool.", times, scope::host,
     [](family_writer& w, const reading& r) { w.times(r.hot.wait); }},
    {"db_client_connection_use_time_seconds", "Time between borrowing a connection and its return.",
     times, scope::host, [](family_writer& w, const reading& r) { w.times(r.hot.use); }},
    {"db_client_operation_duration_seconds", "Time of an operation, all of its attempts included.",
     times, scope::database, operation_times},
    {"holdfast_connections_connecting", "Connects in flight.", gauge, scope::host,
     [](family_writer& w, const reading& r) {
       if (r.pool) w.value(r.pool->connecting);
     }},
    {"holdfast_lease_limit", "Connections that may be lent at once, for now.", gauge, scope::host,
     [](family_writer& w, const reading& r) {
       if (r.pool) w.value(r.pool->lease_limit);
     }},
    {"holdfast_connects_total", "Connects that were begun.", counts, scope::host,
     [](family_writer& w, const reading& r) { w.value(r.kind(event_kind::connection_created)); }},
    {"holdfast_connection_closes_total", "Connections closed, by reason.", counts, scope::host,
     [](family_writer& w, const reading& r) {
       w.by_reason(r.cold.closes, "reason",
                   {stale, idle, error, pool_closed, lifetime, validation});
     }},
    {"holdfast_acquire_failures_total", "Callers that got no connection, by reason.", counts, scope::host,
     [](family_writer& w, const reading& r) {
       w.by_reason(r.cold.acquire_failures, "reason",
                   {timeout, connection_error, overloaded, cancelled, pool_closed});
     }},
    {"holdfast_leaks_suspected_total", "Leases out for longer than leak_after.", counts, scope::host,
     [](family_writer& w, const reading& r) { w.value(r.kind(event_kind::leak_suspected)); }},
    {"holdfast_pool_clears_total", "Times that all connections of the pool were condemned.", counts, scope::host,
     [](family_writer& w, const reading& r) { w.value(r.kind(event_kind::pool_cleared)); }},
    {"holdfast_attempts_total", "Attempts by outcome.", counts, scope::database, attempts_by_outcome},
    {"holdfast_attempt_errors_total", "Failed attempts by error.", counts, scope::database,
     [](family_writer& w, const reading& r) { w.by_code(r.cold.attempt_errors); }},
    {"holdfast_operation_errors_total", "Operations that failed for good, by error.", counts, scope::database,
     [](family_writer& w, const reading& r) { w.by_code(r.cold.operation_errors); }},
    {"holdfast_retries_total", "Retries that were scheduled.", counts, scope::database,
     [](family_writer& w, const reading& r) { w.value(r.kind(event_kind::retry_scheduled)); }},
    {"holdfast_retries_declined_total", "Retries that were not made, by reason.", counts, scope::database,
     [](family_writer& w, const reading& r) {
       w.by_reason(r.cold.declined, "reason", {budget, deadline, event_reason::attempts, not_safe});
     }},
    {"holdfast_retry_budget_tokens", "Tokens left in the retry budget.", gauge, scope::database,
     [](family_writer& w, const reading& r) {
       if (r.budget) w.value(*r.budget);
     }},
    {"holdfast_circuit_breaker_state", "1 for the state that the breaker is in.", gauge, scope::host,
     breaker_states},
    {"holdfast_circuit_breaker_transitions_total", "Changes of the breaker's state.", counts, scope::host,
     breaker_transitions},
    {"holdfast_circuit_breaker_not_permitted_total", "Attempts that the breaker refused.", counts, scope::host,
     [](family_writer& w, const reading& r) {
       if (r.has_host) w.value(r.kind(event_kind::call_not_permitted));
     }},
    {"holdfast_host_up", "1 unless the host is known to be down.", gauge, scope::host,
     [](family_writer& w, const reading& r) {
       if (r.has_host) w.value(r.cold.up.load(std::memory_order_relaxed) ? 1 : 0);
     }},
    {"holdfast_host_writer", "Of several hosts, 1 for the one that writes go to.", gauge, scope::host,
     [](family_writer& w, const reading& r) {
       const int writes = r.cold.writer.load(std::memory_order_relaxed);
       if (r.has_host && writes >= 0) w.value(writes);
     }},
    {"holdfast_primaries_found_total", "Times that writes turned to the host.", counts, scope::host,
     [](family_writer& w, const reading& r) {
       const bool several = r.cold.writer.load(std::memory_order_relaxed) >= 0;
       if (r.has_host && several) w.value(r.kind(event_kind::primary_found));
     }},
    {"holdfast_host_probes_total", "Probes of a host that was down, by outcome.", counts, scope::host,
     [](family_writer& w, const reading& r) {
       if (!r.has_host) return;
       w.value(number(read(r.cold.probes_succeeded)), "outcome", "success");
       w.value(number(read(r.cold.probes_failed)), "outcome", "failure");
     }},
    {"holdfast_transactions_begun_total", "Transactions begun.", counts, scope::database,
     [](family_writer& w, const reading& r) { w.value(number(r.hot.begun)); }},
    {"holdfast_transactions_total", "Transactions ended, by outcome.", counts, scope::database, transactions},
    {"holdfast_transaction_retries_total", "Transactions run again as a whole.", counts, scope::database,
     [](family_writer& w, const reading& r) { w.value(r.kind(event_kind::transaction_retried)); }},
    {"holdfast_outcomes_total", "Lost writes whose fate was asked for, by answer.", counts, scope::database,
     [](family_writer& w, const reading& r) {
       w.by_reason(r.cold.outcomes, "outcome", {committed, not_committed, unknown});
     }},
    {"holdfast_thresholds_crossed_total", "Health thresholds crossed, by threshold.", counts, scope::database,
     [](family_writer& w, const reading& r) {
       w.by_reason(r.cold.thresholds, "threshold", {latency, failures, utilisation});
     }},
});

} // namespace

std::vector<MetricFamily> families_of(const hosts& all) {
  std::vector<reading> readings;
  readings.reserve(all.size());
  std::map<std::pair<std::string, std::string>, std::size_t> copies;
  for (const auto& host : all)
    readings.emplace_back(*host, ++copies[{host->database(), host->host()}]);

  std::vector<MetricFamily> result;
  for (const auto& f : families) {
    MetricFamily out{std::string{f.name}, std::string{f.help}, f.type, {}};
    for (const auto& r : readings) {
      family_writer writer{out, r.identity, f.of == scope::host && !r.has_host};
      f.write(writer, r);
    }
    if (!out.metric.empty()) result.push_back(std::move(out));
  }
  return result;
}

} // namespace holdfast::detail
