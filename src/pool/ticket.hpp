// One place in a pool's wait queue, in the frame of the coroutine that waits: queueing allocates
// nothing.
#pragma once

#include <holdfast/acquire_request.hpp>

#include <cstdint>
#include <limits>

namespace holdfast::detail {

inline constexpr std::uint32_t no_slot = std::numeric_limits<std::uint32_t>::max();

/// Why a waiter was sent away.
enum class refusal : std::uint8_t {
  none,
  cleared,        ///< the pool is paused, or was cleared while waiting
  closed,         ///<
  connect_failed, ///< the connect that was started for this waiter failed
  overloaded,     ///< the wait queue is full
  too_late,       ///< could not have been served in time
  timed_out,      ///<
  cancelled,      ///<
};

struct ticket {
  enum class phase : std::uint8_t { outside, queued, granted, failed };

  explicit ticket(const acquire_request& r) noexcept : request{&r} {}
  ticket(const ticket&) = delete;
  ticket& operator=(const ticket&) = delete;
  ~ticket() = default;

  const acquire_request* request;
  time_point since{};                   ///< of its acquire_started
  time_point until = time_point::max(); ///< when its wait ends
  duration shortest_wait{};             ///< too_late: what was foreseen
  phase at = phase::outside;
  refusal why = refusal::none;

  std::uint32_t slot = no_slot; ///< once granted
  std::uint64_t serial = 0;
  bool check = false; ///< once granted: to be checked before it is used ...
  bool ping = false;  ///< ... by a ping

  std::uint32_t connect = no_slot; ///< while queued: the connect that was started for it
  ticket* ahead = nullptr;         ///< of the queue alone, as is the next
  ticket* behind = nullptr;
};

} // namespace holdfast::detail
