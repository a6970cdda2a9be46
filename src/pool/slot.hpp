// One place for a connection, and the stack of those that are idle.
#pragma once

#include "pool/ticket.hpp"

#include <holdfast/time.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::detail {

enum class slot_state : std::uint8_t {
  free,
  reserved,   ///< a connect is to start; whether it is still wanted is asked again right before
  connecting, ///<
  idle,       ///<
  checking,   ///< given to a borrower who validates it
  leased,     ///<
  tending,    ///< being reset or pinged in the background
};
inline constexpr std::size_t slot_state_count = 7;

/// Why a connect was started when it was not for one waiter.
enum class purpose : std::uint8_t {
  demand,  ///< for a waiter
  fill,    ///< to keep `min_size` warm
  replace, ///< for a connection at the end of its lifetime
};

struct slot {
  slot_state state = slot_state::free;
  purpose reason = purpose::demand;
  bool suspect = false;         ///< must be validated before its next use, however fresh
  bool leak_told = false;       ///<
  bool replacing = false;       ///< a connect that will replace this one is on its way
  bool replaced = false;        ///< ... and has arrived: close when free
  std::uint64_t serial = 0;     ///< changes with each use of the slot: tells a late reply apart
  std::uint64_t connection = 0; ///< as events call it
  std::uint64_t generation = 0;
  time_point began{};                       ///< of the connect or lease
  time_point used{};                        ///< end of the last use
  time_point proved{};                      ///< last known to answer
  time_point retire_at = time_point::max(); ///< from here on replaced ahead of time
  time_point dead_at = time_point::max();   ///< from here on never used
  ticket* waiter = nullptr;                 ///< reserved, connecting: for whom
  std::uint32_t replaces = no_slot;         ///< reserved, connecting: whom
  std::uint64_t replaces_serial = 0;        ///<
  std::uint32_t newer = no_slot;            ///< of the idle stack alone, as is the next
  std::uint32_t older = no_slot;
};

/// Idle slots, most recently used first.
class idle_stack {
public:
  explicit idle_stack(std::vector<slot>& slots) noexcept : slots_{slots} {}

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t newest() const noexcept { return newest_; }
  [[nodiscard]] std::uint32_t oldest() const noexcept { return oldest_; }

  /// In the place that its `used` asks for: on top, unless it comes back from being tended.
  void insert(std::uint32_t index) noexcept {
    std::uint32_t newer = no_slot;
    std::uint32_t older = newest_;
    while (older != no_slot && slots_[older].used > slots_[index].used) {
      newer = older;
      older = slots_[older].older;
    }
    slots_[index].newer = newer;
    slots_[index].older = older;
    (newer == no_slot ? newest_ : slots_[newer].older) = index;
    (older == no_slot ? oldest_ : slots_[older].newer) = index;
    ++size_;
  }

  void remove(std::uint32_t index) noexcept {
    slot& s = slots_[index];
    (s.newer == no_slot ? newest_ : slots_[s.newer].older) = s.older;
    (s.older == no_slot ? oldest_ : slots_[s.older].newer) = s.newer;
    s.newer = s.older = no_slot;
    --size_;
  }

private:
  std::vector<slot>& slots_; // of the ledger that owns this
  std::uint32_t newest_ = no_slot;
  std::uint32_t oldest_ = no_slot;
  std::uint32_t size_ = 0;
};

} // namespace holdfast::detail
