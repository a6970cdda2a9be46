// What a decision of the ledger leads to: events to publish, waiters to wake, connections to open,
// close, tend or break, in the order in which they happen.
#pragma once

#include "pool/ticket.hpp"

#include <holdfast/event.hpp>
#include <holdfast/metrics.hpp>

#include <cstdint>
#include <vector>

namespace holdfast::detail {

enum class tending : std::uint8_t {
  reset, ///< make the session as good as new after a borrower
  ping,  ///< prove an idle connection, so that nothing on the way forgets it
};

struct effect {
  enum class what : std::uint8_t {
    publish,   ///< an event
    wake,      ///< `who` has been granted a slot or has failed
    connect,   ///< start a connect for the slot
    close,     ///< the slot's connection is out: close it
    tend,      ///< reset or ping the slot's connection in the background
    interrupt, ///< break the slot's connection; its borrower closes it
  };

  what action = what::publish;
  event_kind event{};
  event_reason reason = event_reason::none;
  tending care = tending::reset;
  std::uint32_t slot = no_slot;
  std::uint64_t serial = 0;
  std::uint64_t connection = 0;
  duration elapsed{};
  ticket* who = nullptr;
  const acquire_request* request = nullptr;
};

/// Collects the effects of one step. Events that nobody wants are not even written down; uses are
/// counted at once where `counts` is not null.
class effects {
public:
  explicit effects(event_set wanted = event_set::all(), host_metrics* counts = nullptr) noexcept
      : wanted_{wanted}, counts_{counts} {}

  void publish(event_kind kind, std::uint64_t connection = 0,
               event_reason reason = event_reason::none, duration elapsed = {},
               std::uint32_t slot = no_slot) {
    if (!wanted_.contains(kind)) return;
    effect e;
    e.event = kind;
    e.reason = reason;
    e.connection = connection;
    e.elapsed = elapsed;
    e.slot = slot;
    list_.push_back(e);
  }

  void publish_for(const acquire_request* request, event_kind kind, std::uint64_t connection = 0,
                   event_reason reason = event_reason::none, duration elapsed = {}) {
    if (!wanted_.contains(kind)) return;
    publish(kind, connection, reason, elapsed);
    list_.back().request = request;
  }

  /// A use begins, or ends.
  void acquired(const acquire_request* request, std::uint64_t connection, duration waited) {
    if (counts_) counts_->count(event_kind::acquired, waited);
    publish_for(request, event_kind::acquired, connection, event_reason::none, waited);
  }
  void released(std::uint32_t slot, std::uint64_t connection, duration used) {
    if (counts_) counts_->count(event_kind::released, used);
    publish(event_kind::released, connection, event_reason::none, used, slot);
  }

  void wake(ticket& who) {
    effect e;
    e.action = effect::what::wake;
    e.who = &who;
    list_.push_back(e);
  }

  void act(effect::what action, std::uint32_t slot, std::uint64_t serial,
           tending care = tending::reset) {
    effect e;
    e.action = action;
    e.slot = slot;
    e.serial = serial;
    e.care = care;
    list_.push_back(e);
  }

  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
  [[nodiscard]] const std::vector<effect>& list() const noexcept { return list_; }
  /// Keeps the memory: a busy pool allocates nothing.
  void clear() noexcept { list_.clear(); }

private:
  event_set wanted_;
  host_metrics* counts_; // not owned; may be null
  std::vector<effect> list_;
};

} // namespace holdfast::detail
