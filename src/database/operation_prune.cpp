#include "database/operation_prune.hpp"

#include <holdfast/parameter.hpp>

#include <algorithm>

namespace holdfast::detail {

namespace {

constexpr std::string_view name = "operation_keys.prune";

/// d × U(from, from + spread)
duration spread_out(duration d, double from, double spread, std::uint64_t random) {
  const double u = static_cast<double>(random >> 11) * 0x1.0p-53;
  return duration{static_cast<duration::rep>(static_cast<double>(d.count()) * (from + spread * u))};
}

std::int64_t whole_seconds(duration d) {
  return std::chrono::ceil<std::chrono::seconds>(d).count(); // never early
}

/// One statement where the engine raises the mark by itself; else the two in one transaction.
task<result<std::uint64_t>> delete_old(runtime& rt, drivers::sql_connection& on,
                                       const drivers::operation_table_sql& table,
                                       duration retention, deadline until) {
  const auto age = to_parameters(whole_seconds(retention));
  const auto terms = to_parameters(whole_seconds(retention), prune_batch);
  const statement raise{table.raise_mark, age};
  const statement prune{table.prune, terms};
  const bool both = !table.raise_mark.empty();
  if (both)
    if (auto begun = co_await on.begin(rt, {}, until); !begun) co_return std::move(begun.error());
  result<statement_result> done = statement_result{};
  if (both) done = co_await on.execute(rt, raise, nullptr, until);
  if (done) done = co_await on.execute(rt, prune, nullptr, until);
  if (done && both)
    if (auto kept = co_await on.commit(rt, until); !kept) co_return std::move(kept.error());
  if (done) co_return done->rows_affected;
  if (both && done.error().connection_usable)
    if (auto undone = co_await on.rollback(rt, until); !undone) co_return std::move(undone.error());
  co_return std::move(done.error());
}

/// Deletes one batch; gives how many rows went.
task<result<std::uint64_t>> delete_batch(runtime& rt, const topology& all, host& at,
                                         const prune_terms& how, deadline until) {
  writer_queue::turn turn;
  if (at.driver().single_writer()) {
    auto mine = co_await at.writers().enter(rt, until);
    if (!mine) co_return std::move(mine.error());
    turn = std::move(*mine);
  }
  const acquire_request request{
      .until = until, .priority = priority::background, .operation = name};
  auto lease = co_await at.connections().acquire(rt, request);
  if (!lease) co_return at.explain(std::move(lease.error()));
  if (!all.writer()) co_return all.refusal(); // suspended while we waited
  auto deleting = delete_old(rt, ***lease, at.driver().operation_table(), how.retention, until);
  auto done = co_await std::move(deleting);
  if (done) co_return done;
  if (!done.error().connection_usable) lease->discard();
  at.report(done.error(), lease->generation());
  co_return std::move(done.error());
}

void tell(host& at, duration elapsed, const error* failure) {
  if (failure)
    at.publish({.kind = event_kind::attempt_failed, .operation = name, .failure = failure});
  at.publish({.kind = event_kind::operation_ended,
              .operation = name,
              .elapsed = elapsed,
              .failure = failure});
}

} // namespace

duration prune_interval(duration retention) noexcept {
  return std::min<duration>(retention / 168, std::chrono::hours{24});
}

task<void> prune_keys(std::shared_ptr<runtime> rt, std::weak_ptr<topology> owner, prune_terms how) {
  const duration interval = prune_interval(how.retention);
  // The first look comes anywhere in the first interval: of many short-lived processes a few get
  // there, which is as many as there need be.
  duration pause = spread_out(interval, 0, 1, rt->random());
  while (co_await rt->sleep_until(rt->now() + pause) != wait_status::cancelled) {
    const auto all = owner.lock();
    if (!all) co_return;
    host* const at = all->writer();
    if (!at) { // nobody takes writes, or is to: the next look will do
      pause = spread_out(interval, 0, 0.25, rt->random());
      continue;
    }
    const time_point began = rt->now();
    auto gone = co_await delete_batch(*rt, *all, *at, how, deadline::after(began, how.limit));
    const duration took = rt->now() - began;
    const error* failure = gone ? nullptr : &gone.error();
    if (rt->cancelled() || (failure && failure->code == errc::pool_closed)) co_return;
    tell(*at, took, failure);
    // While there are more it goes on, at a fifth of one connection's time at most.
    const bool more = gone && *gone >= static_cast<std::uint64_t>(prune_batch);
    pause = more ? std::max<duration>(4 * took, std::chrono::milliseconds{10})
                 : spread_out(interval, 0.75, 0.5, rt->random());
  }
}

} // namespace holdfast::detail
