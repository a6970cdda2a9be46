#pragma once

#include <holdfast/error.hpp>
#include <holdfast/time.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// Every moment that the library tells of. `to_string` gives the stable name that logs use.
enum class event_kind : std::uint8_t {
  // pool
  pool_created,
  pool_ready,
  pool_cleared,
  pool_suspended,
  pool_resumed,
  pool_closed,
  connection_created, ///< a connect began
  connection_ready,   ///< ... and succeeded
  connection_closed,  ///< `reason` tells why
  acquire_started,
  acquire_failed,
  acquired,
  released,
  leak_suspected,
  // attempt and retry
  operation_started,
  operation_ended, ///< `failure` is null on success
  attempt_failed,
  retry_scheduled, ///< `delay` from now
  retry_declined,  ///< budget or deadline; `reason` tells which
  // breaker and host
  breaker_opened,
  breaker_half_opened,
  breaker_closed,
  call_not_permitted, ///< the breaker refused an attempt; nothing was sent
  host_down,
  host_probe, ///< one probe ended; `failure` is null on success
  host_up,
  primary_lost,  ///< no host takes writes any more, or this one no longer; `failure` tells why
  primary_found, ///< writes go to `host` from now on; `elapsed`: how long they could not; 0: at
                 ///< first
  // transaction
  transaction_begun,
  transaction_committed,
  transaction_rolled_back,
  transaction_retried,
  outcome_resolved, ///< `reason`: committed | not_committed | unknown
  // health
  threshold_crossed, ///< `reason`: latency | failures | utilisation
  threshold_cleared,
};

inline constexpr std::size_t event_kind_count =
    static_cast<std::size_t>(event_kind::threshold_cleared) + 1;

enum class event_reason : std::uint8_t {
  none,
  // connection_closed
  stale,
  idle,
  error,
  pool_closed,
  lifetime,
  validation,
  // acquire_failed
  timeout,
  connection_error,
  overloaded,
  cancelled,
  // retry_declined
  budget,
  deadline,
  attempts,
  not_safe,
  // outcome_resolved
  committed,
  not_committed,
  unknown,
  // threshold_*
  latency,
  failures,
  utilisation,
  // pool_cleared
  interrupted,
};

inline constexpr std::size_t event_reason_count =
    static_cast<std::size_t>(event_reason::interrupted) + 1;

[[nodiscard]] std::string_view to_string(event_kind) noexcept;
[[nodiscard]] std::string_view to_string(event_reason) noexcept;

/// A set of kinds: what an observer wants to see.
class event_set {
public:
  constexpr event_set() noexcept = default;
  constexpr event_set(std::initializer_list<event_kind> kinds) noexcept {
    for (const auto kind : kinds) bits_ |= bit(kind);
  }
  [[nodiscard]] static constexpr event_set all() noexcept {
    return event_set{(std::uint64_t{1} << event_kind_count) - 1};
  }

  [[nodiscard]] constexpr bool contains(event_kind kind) const noexcept {
    return (bits_ & bit(kind)) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }
  [[nodiscard]] static constexpr event_set from_bits(std::uint64_t bits) noexcept {
    return event_set{bits & all().bits_};
  }

  friend constexpr event_set operator|(event_set a, event_set b) noexcept {
    return event_set{a.bits_ | b.bits_};
  }
  friend constexpr event_set operator-(event_set a, event_set b) noexcept {
    return event_set{a.bits_ & ~b.bits_};
  }
  friend constexpr bool operator==(event_set, event_set) noexcept = default;

private:
  static_assert(event_kind_count < 64);
  constexpr explicit event_set(std::uint64_t bits) noexcept : bits_{bits} {}
  static constexpr std::uint64_t bit(event_kind kind) noexcept {
    return std::uint64_t{1} << static_cast<std::uint8_t>(kind);
  }
  std::uint64_t bits_ = 0;
};

/// Happen with every healthy operation: too many to log, keep or copy one by one.
inline constexpr event_set high_volume_events{
    event_kind::acquire_started,       event_kind::acquired,        event_kind::released,
    event_kind::operation_started,     event_kind::operation_ended, event_kind::transaction_begun,
    event_kind::transaction_committed,
};

/// One moment, with its context. Views are valid during the call to the observer only: keep copies.
struct event {
  event_kind kind{};
  event_reason reason = event_reason::none;
  time_point at{};
  std::string_view database{};
  std::string_view host{};
  std::string_view operation{};
  std::string_view trace_id{};
  std::uint64_t connection = 0; ///< 1, 2, 3 … per pool; 0 where none
  std::uint32_t attempt = 0;
  duration elapsed{}; ///< of what ended: the connect, the wait, the use, the operation
  duration delay{};   ///< retry_scheduled
  double value = 0;   ///< threshold_*: the measured value (seconds, count or share)
  const error* failure = nullptr;
  std::source_location caller{}; ///< leak_suspected: who holds the lease
};

/// An event that owns what it names: what user functions get.
struct owned_event {
  event_kind kind{};
  event_reason reason = event_reason::none;
  time_point at{};
  std::string database;
  std::string host;
  std::string operation;
  std::string trace_id;
  std::uint64_t connection = 0;
  std::uint32_t attempt = 0;
  duration elapsed{};
  duration delay{};
  double value = 0;
  std::optional<error> failure;
  std::source_location caller{};
};

[[nodiscard]] owned_event own(const event& e);

/// Sees every event, in order, from whichever thread it happens on, possibly under the lock of what
/// it happened in: must be quick, must not block, throw, or call back into the database.
/// (`database::on_event` takes user functions and runs them elsewhere.)
class observer {
public:
  virtual ~observer() = default;
  virtual void on_event(const event& e) noexcept = 0;
  /// Never changes during the observer's life, so whoever publishes may ask once and then not even
  /// build what nobody wants. An observer that is sent another kind all the same ignores it.
  [[nodiscard]] virtual event_set interests() const noexcept { return event_set::all(); }
};

using observer_ptr = std::shared_ptr<observer>;

/// One observer that passes each event on to those of `observers` that want its kind, in their
/// order. Null ones are left out; of none it makes one that wants nothing; never null.
[[nodiscard]] observer_ptr fan_out(std::vector<observer_ptr> observers);

} // namespace holdfast
