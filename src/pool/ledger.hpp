// The book of a pool: who waits, who holds what, what is to be opened and closed. A state machine
// without locks, clocks, threads or connections: each verb takes `now` and writes what follows to
// `effects`. Its owner calls it under a lock and carries the effects out in their order.
#pragma once

#include "pool/effects.hpp"
#include "pool/slot.hpp"
#include "pool/waiter_queue.hpp"

#include <holdfast/pool_options.hpp>
#include <holdfast/pool_snapshot.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace holdfast::detail {

/// What the connector can do, as far as decisions depend on it.
struct ledger_traits {
  bool always_check = false;  ///< each borrow has something to run before the lease is out
  bool can_interrupt = false; ///< connections in use can be broken from outside
};

/// A slot in somebody's hands.
struct hold {
  std::uint32_t slot = no_slot;
  std::uint64_t serial = 0;
  std::uint64_t connection = 0;
};

class ledger {
public:
  ledger(const pool_options& options, ledger_traits traits);
  ledger(const ledger&) = delete;
  ledger& operator=(const ledger&) = delete;

  // The pool's own state.
  void ready(time_point now, effects& fx);
  /// A new generation: idle connections close, borrowed ones at their return, those connecting on
  /// arrival; waiters fail. With `interrupt` those in use and connecting end at once. A suspended
  /// pool stays so, and its waiters wait on.
  void clear(time_point now, bool interrupt, effects& fx);
  void suspend(effects& fx);
  void resume(time_point now, effects& fx);
  void close(time_point now, effects& fx);

  // Borrowing.
  /// The fast path: a fresh idle connection, nobody before us. Changes nothing if there is none.
  [[nodiscard]] std::optional<hold> try_take(const acquire_request& r, time_point now, effects& fx);
  /// Begins an acquire: granted or refused at once, or queued.
  void enqueue(ticket& t, time_point now, effects& fx);
  /// Once more, ahead of its priority, after the granted connection did not pass its check.
  void enqueue_again(ticket& t, time_point now, effects& fx);
  /// Ends a wait: timed out or cancelled. Precondition: queued.
  void withdraw(ticket& t, refusal why, time_point now, effects& fx);
  enum class confirmed : std::uint8_t {
    leased,
    refused, ///< the ticket tells why; the connection is closed
    gone,    ///< refused as well; the slot was taken away, so the borrower closes the connection
  };
  /// The check was passed: the lease is out, unless the pool changed meanwhile.
  [[nodiscard]] confirmed confirm(ticket& t, time_point now, effects& fx);
  /// The check was not passed. False if the slot was taken away meanwhile. `enqueue_again` or
  /// `abandon` follows in the same step.
  bool reject(const hold& h, time_point now, effects& fx);
  /// Gives up an acquire between two checks.
  void abandon(ticket& t, refusal why, time_point now, effects& fx);

  enum class returned : std::uint8_t {
    sound,
    dirty,    ///< to be tended before its next borrower
    in_doubt, ///< cancelled, timed out or torn: closed, whatever it looks like
  };
  /// False if the slot was taken away (interrupted): the borrower's connection is to be closed.
  bool release(const hold& h, returned how, time_point now, effects& fx);

  // Connects.
  /// Asks again whether the connect is wanted. The connection's id, or 0: do not connect.
  [[nodiscard]] std::uint64_t begin_connect(std::uint32_t slot, std::uint64_t serial,
                                            time_point now, effects& fx);
  /// False if nobody waits for this connect any more: close it, without an event.
  [[nodiscard]] bool connected(std::uint32_t slot, std::uint64_t serial, time_point now,
                               std::uint64_t random, effects& fx);
  /// `condemned`: the failure says that the host is down, so the pool is cleared as well.
  void connect_failed(std::uint32_t slot, std::uint64_t serial, bool condemned, time_point now,
                      std::uint64_t random, effects& fx);
  /// Takes in a connection that was opened elsewhere; none if there is no place for it. The owner
  /// stores it in that slot and calls `connected`.
  [[nodiscard]] std::optional<hold> donate(time_point now, effects& fx);

  // Upkeep.
  /// False if the connection is not to be kept: close it, without an event.
  bool tended(std::uint32_t slot, std::uint64_t serial, tending care, bool well, time_point now,
              effects& fx);
  void upkeep(time_point now, effects& fx);
  /// When `upkeep` has something to do at the latest.
  [[nodiscard]] time_point next_upkeep(time_point now) const noexcept;
  /// Each idle connection is validated before its next use.
  void suspect_idle() noexcept;
  /// Each present connection is replaced, ahead of time and without disturbing its borrower.
  void retire_all(time_point now, effects& fx);
  void retire_if(const std::function<bool(std::uint32_t slot)>& which, time_point now, effects& fx);

  /// Leases that may be out at once; at or above `max_size` is no limit, 0 admits nobody.
  void set_lease_limit(std::uint32_t limit, time_point now, effects& fx);

  [[nodiscard]] pool_state state() const noexcept { return state_; }
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::uint32_t waiting() const noexcept { return queue_.size(); }
  [[nodiscard]] const slot& at(std::uint32_t index) const noexcept { return slots_[index]; }
  [[nodiscard]] std::span<const slot> slots() const noexcept { return slots_; }
  /// The numbers; leases and texts are the owner's.
  [[nodiscard]] pool_snapshot numbers(time_point now) const;
  /// Throws std::logic_error if the book contradicts itself. For tests.
  void check() const;

private:
  // ledger_borrow.cpp
  void grant_waiters(time_point now, effects& fx);
  void grant(ticket& t, std::uint32_t index, time_point now, effects& fx);
  [[nodiscard]] bool foresees_time_for(ticket& t, time_point now) const noexcept;
  void note_use(duration took) noexcept;
  void fail(ticket& t, refusal why, time_point now, effects& fx);
  void fail_waiters(refusal why, bool connecting_too, time_point now, effects& fx);
  [[nodiscard]] bool must_ping(const slot& s, time_point now) const noexcept;
  [[nodiscard]] bool fit(const slot& s, time_point now) const noexcept;
  [[nodiscard]] std::uint32_t take_idle(time_point now, effects& fx);
  void lease_out(slot& s, time_point now, effects& fx, const acquire_request* r, duration waited);
  [[nodiscard]] event_reason verdict_on(const slot& s, time_point now) const noexcept;

  // ledger_connect.cpp
  void plan(time_point now, effects& fx);
  void start_connects(time_point now, effects& fx);
  [[nodiscard]] ticket* first_unserved() const noexcept;
  [[nodiscard]] std::uint32_t find_orphan() const noexcept;
  [[nodiscard]] bool may_connect() const noexcept;
  std::uint32_t reserve(purpose why, ticket* t, time_point now, effects& fx);
  void detach(slot& s) noexcept;
  void drop_connect(ticket& t) noexcept;
  [[nodiscard]] bool still_wanted(const slot& s) const noexcept;
  void note_failure(time_point now, std::uint64_t random) noexcept;
  void settle_replaced(const slot& arrived, effects& fx);
  void unmark_replaced(const slot& failed) noexcept;
  void drop_connects(bool interrupt, time_point now, effects& fx);

  // ledger_upkeep.cpp
  void close_expired(time_point now, effects& fx);
  void retire_idle(time_point now, effects& fx);
  void retire(std::uint32_t index, event_reason why, time_point now, effects& fx);
  void replace_ahead(std::uint32_t index, time_point now, effects& fx);
  void tell_leaks(time_point now, effects& fx);
  void keep_alive(time_point now, effects& fx);
  void ramp_up(time_point now) noexcept;

  // ledger.cpp
  [[nodiscard]] bool expired(const slot& s, time_point now) const noexcept;
  [[nodiscard]] std::uint32_t limit() const noexcept;
  [[nodiscard]] slot* find(std::uint32_t index, std::uint64_t serial) noexcept;
  /// Closes the connection of a slot, and frees the slot.
  void discard(std::uint32_t index, event_reason why, effects& fx);
  void free_slot(std::uint32_t index) noexcept;
  void enter(slot& s, slot_state to) noexcept;
  [[nodiscard]] std::uint32_t count(slot_state s) const noexcept {
    return counts_[static_cast<std::size_t>(s)];
  }
  [[nodiscard]] std::uint32_t in_use() const noexcept {
    return count(slot_state::leased) + count(slot_state::checking);
  }
  [[nodiscard]] std::uint32_t connecting() const noexcept {
    return count(slot_state::connecting) + count(slot_state::reserved);
  }
  [[nodiscard]] std::uint32_t size() const noexcept;

  const pool_options options_;
  const ledger_traits traits_;
  pool_state state_ = pool_state::paused;
  std::uint64_t generation_ = 1;
  std::uint64_t next_connection_ = 1;
  std::uint64_t next_serial_ = 1;

  std::vector<slot> slots_; // never resized
  std::vector<std::uint32_t> free_;
  idle_stack idle_;
  waiter_queue queue_;
  std::array<std::uint32_t, slot_state_count> counts_{}; // slots by state
  std::uint32_t orphans_ = 0; // connects of this generation that no waiter has been given

  // Since somebody waits; what was before is of another crowd.
  duration median_use_{};
  std::uint32_t uses_ = 0;

  std::uint32_t lease_limit_;
  bool after_outage_ = false;                // the next `ready` starts slowly
  std::optional<std::uint32_t> admission_{}; // slow start; empty: over
  time_point admission_step_{};
  std::uint32_t failures_ = 0; // connects failed in a row
  time_point fill_not_before_{};
  time_point upkeep_at_{};
};

} // namespace holdfast::detail
