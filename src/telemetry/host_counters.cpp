#include "telemetry/host_counters.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::detail {
namespace {

// Threads take shards in turn. The number is the thread's, not the database's: one small integer,
// given once, is all that is global here.
std::size_t thread_number() noexcept {
  static std::atomic<std::size_t> given{0};
  static constinit thread_local std::size_t mine = 0;
  if (mine == 0) mine = given.fetch_add(1, std::memory_order_relaxed) + 1;
  return mine;
}

template <std::size_t N, class Enum>
void count_at(std::array<counter, N>& counters, Enum value) noexcept {
  add(counters[std::min(static_cast<std::size_t>(value), N - 1)]);
}

} // namespace

host_counters::host_counters(std::string database, std::string host)
    : database_{std::move(database)}, host_{std::move(host)} {}

[[gnu::hot]] hot_counters& host_counters::mine() noexcept {
  return shards_[thread_number() % shard_count];
}

event_set host_counters::interests() const noexcept {
  return event_set::all() - event_set{event_kind::acquire_started, event_kind::operation_started};
}

void host_counters::on_event(const event& e) noexcept {
  switch (e.kind) {
  case event_kind::acquire_started:
  case event_kind::operation_started: return;
  case event_kind::acquired:
  case event_kind::released:
  case event_kind::transaction_begun:
  case event_kind::transaction_committed: return count(e.kind, e.elapsed);
  case event_kind::operation_ended:
    return e.failure ? count_failed_operation(e) : count(e.kind, e.elapsed);
  default: return count_rare(e);
  }
}

[[gnu::hot]] void host_counters::count(event_kind kind, duration elapsed) noexcept {
  switch (kind) {
  case event_kind::acquired: return mine().wait.record(elapsed);
  case event_kind::released: return mine().use.record(elapsed);
  case event_kind::operation_ended: return mine().success.record(elapsed);
  case event_kind::transaction_begun: return add(mine().begun);
  case event_kind::transaction_committed: return add(mine().committed);
  default: return;
  }
}

void host_counters::count_failed_operation(const event& e) noexcept {
  cold_.failure.record(e.elapsed);
  count_at(cold_.operation_errors, e.failure->code);
}

void host_counters::count_rare(const event& e) noexcept {
  count_at(cold_.by_kind, e.kind);
  switch (e.kind) {
  case event_kind::connection_ready: return cold_.create.record(e.elapsed);
  case event_kind::connection_closed: return count_at(cold_.closes, e.reason);
  case event_kind::acquire_failed: return count_at(cold_.acquire_failures, e.reason);
  case event_kind::attempt_failed:
    return count_at(cold_.attempt_errors, e.failure ? e.failure->code : errc::internal_error);
  case event_kind::retry_declined: return count_at(cold_.declined, e.reason);
  case event_kind::breaker_opened: return move_breaker(breaker_position::open);
  case event_kind::breaker_half_opened: return move_breaker(breaker_position::half_open);
  case event_kind::breaker_closed: return move_breaker(breaker_position::closed);
  case event_kind::host_down: return cold_.up.store(false, std::memory_order_relaxed);
  case event_kind::host_up: return cold_.up.store(true, std::memory_order_relaxed);
  case event_kind::primary_found: return cold_.writer.store(1, std::memory_order_relaxed);
  case event_kind::primary_lost: return cold_.writer.store(0, std::memory_order_relaxed);
  case event_kind::host_probe: return add(e.failure ? cold_.probes_failed : cold_.probes_succeeded);
  case event_kind::outcome_resolved: return count_at(cold_.outcomes, e.reason);
  case event_kind::threshold_crossed: return count_at(cold_.thresholds, e.reason);
  default: return;
  }
}

void host_counters::move_breaker(breaker_position to) noexcept {
  cold_.breaker.store(to, std::memory_order_relaxed);
}

hot_total host_counters::hot() const noexcept {
  hot_total total;
  for (const auto& shard : shards_) {
    shard.wait.add_to(total.wait);
    shard.use.add_to(total.use);
    shard.success.add_to(total.success);
    total.begun += read(shard.begun);
    total.committed += read(shard.committed);
  }
  return total;
}

void host_counters::read_pool_with(std::function<std::optional<gauge_readings>()> read) {
  const std::lock_guard lock{mutex_};
  read_pool_.swap(read);
}

void host_counters::read_budget_with(std::function<std::optional<double>()> read) {
  const std::lock_guard lock{mutex_};
  read_budget_.swap(read);
}

// The function is copied out: it may take the pool's lock, under which events are published.
std::optional<gauge_readings> host_counters::pool() const {
  std::unique_lock lock{mutex_};
  const auto read_now = read_pool_;
  lock.unlock();
  return read_now ? read_now() : std::nullopt;
}

std::optional<double> host_counters::budget() const {
  std::unique_lock lock{mutex_};
  const auto read_now = read_budget_;
  lock.unlock();
  return read_now ? read_now() : std::nullopt;
}

} // namespace holdfast::detail
