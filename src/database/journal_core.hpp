// Writes that wait for their database: who is sent at once and who queues, and the one task that
// drains the queue in order.
#pragma once

#include "database/database_core.hpp"
#include "database/journal_store.hpp"

#include <holdfast/journal.hpp>

#include <mutex>

namespace holdfast::detail {

/// Of an error that a direct write ended with: whether it may be queued. Its key makes it safe to
/// send again even if it took effect.
[[nodiscard]] bool may_queue(const error& e) noexcept;

enum class drain_verdict : std::uint8_t {
  wait,      ///< the same write again, later: nothing says that it never can succeed
  put_aside, ///< the server refuses this write as it stands; those behind it go on
};
[[nodiscard]] drain_verdict judge_drain(const error& e) noexcept;

/// How long before the next try of a write that failed `failures` times: 50 ms doubling to 1 s, a
/// quarter less at random. While the host is down its return ends the wait, not this.
[[nodiscard]] duration drain_pause(std::uint32_t failures, std::uint64_t random) noexcept;

/// Thread-safe. One drain task at a time; the handle outlives it.
class journal_core : public std::enable_shared_from_this<journal_core> {
public:
  /// `wall` tells milliseconds since 1970.
  journal_core(database_core& target, std::unique_ptr<journal_store> store, journal_options options,
               std::function<std::int64_t()> wall);

  /// Reads what is there, and begins to drain it.
  [[nodiscard]] task<result<void>> open(runtime& rt);
  [[nodiscard]] task<result<journaled>> execute(runtime& rt, std::string_view key,
                                                const statement& what, std::source_location caller);
  [[nodiscard]] journal_status status() const;
  /// Until nothing is queued. False at the deadline.
  [[nodiscard]] task<bool> wait_until_empty(runtime& rt, deadline until);
  /// Ends the drain, wherever it is, and waits until it has ended, or the deadline.
  [[nodiscard]] task<bool> stop(runtime& rt, deadline until);

  [[nodiscard]] bool stopped() const;
  [[nodiscard]] journal_store& store() noexcept { return *store_; }
  void forgot_one();

private:
  [[nodiscard]] static task<void> drain(std::shared_ptr<journal_core> self, branch on);
  [[nodiscard]] task<std::optional<duration>> drain_one(runtime& rt);
  [[nodiscard]] task<result<void>> send(runtime& rt, const journal_entry& e);
  [[nodiscard]] task<result<void>> settle(runtime& rt, const journal_entry& e,
                                          const error* failure);
  [[nodiscard]] task<result<journaled>> queue(runtime& rt, std::string_view key,
                                              const statement& what, const error* cause);
  [[nodiscard]] std::optional<error> reserve(const journal_entry& e);
  void give_back(const journal_entry& e);
  void note(const error& e);
  void wake_all() noexcept; // under the lock
  [[nodiscard]] task<wait_status> wait_for_change(runtime& rt, deadline until, std::uint64_t seen);

  database_core& target_;
  const std::unique_ptr<journal_store> store_;
  const journal_options options_;
  const std::function<std::int64_t()> wall_;
  branch drain_;

  mutable std::mutex mutex_; // guards all below
  journal_totals now_;
  std::uint64_t drained_ = 0;
  std::string last_error_;
  std::uint32_t failures_ = 0; // of the first write, in a row
  bool stopped_ = false;
  bool ended_ = true;          // there is no drain task
  std::uint64_t changes_ = 0;  // counted, so that none is missed between a look and a wait
  std::list<waiter*> waiting_; // for a change; they live in their coroutines' frames
};

} // namespace holdfast::detail
