#pragma once

#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/resilience_options.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace holdfast {

enum class breaker_state : std::uint8_t {
  closed,    ///< all admitted, outcomes counted
  open,      ///< all refused until a time
  half_open, ///< a few probes admitted
  ramp,      ///< the probes went well: admission grows from 10 % to 100 %
  host_down, ///< unreachable: the host monitor's business; all admitted, nothing counted
};
[[nodiscard]] std::string_view to_string(breaker_state) noexcept;

/// The breaker's numbers at one instant.
struct breaker_snapshot {
  breaker_state state = breaker_state::closed;
  breaker_options::mode mode = breaker_options::mode::automatic;
  std::uint64_t calls = 0; ///< in the window
  double failure_rate = 0;
  double slow_call_rate = 0;
  duration open_for{}; ///< until probes are admitted; zero unless open
};

/// Whether an error says that the host fails its callers. Refusals, conflicts, lock waits and
/// everything that the request itself is guilty of are successes of the server. Pure.
[[nodiscard]] bool counts_against_host(const error& e) noexcept;

/// Refuses calls to a host that accepts connections but fails its operations. One per host and
/// role: it never opens on one host because of another. It sees only what callers report: it
/// neither calls nor times anything.
///
/// Threads: all members are safe to call concurrently. While closed, admission is one load and a
/// quick success at most one compare-and-swap; everything else takes a mutex. No call allocates,
/// except `refusal`. Lifetime: must outlive its permits.
class circuit_breaker {
public:
  class permit;

  /// `seed` feeds the jitter of the open times. `database` and `host` label the events.
  /// Throws configuration_error with all violations.
  circuit_breaker(const breaker_options& options, std::uint64_t seed, observer_ptr events = nullptr,
                  std::string database = {}, std::string host = {});
  ~circuit_breaker();
  circuit_breaker(const circuit_breaker&) = delete;
  circuit_breaker& operator=(const circuit_breaker&) = delete;

  /// Asks to make one call. The permit is false when refused; see `refusal`.
  [[nodiscard]] permit acquire(time_point now) noexcept;

  /// What a refused caller is told: circuit_open, with `retry_after` while open.
  [[nodiscard]] error refusal(time_point now) const;

  /// The host cannot be reached: its monitor owns it. Until `host_up` all calls pass, so that the
  /// pool can tell them the real cause, and nothing counts.
  void host_down(time_point now);
  /// The host is back: closed, with an empty window (the pool's slow start is the ramp); if it was
  /// open or half open, into the ramp. Does nothing while closed.
  void host_up(time_point now);

  /// Forces the breaker, switches it off, or gives it back to itself, closed and with an empty
  /// window.
  void set_mode(breaker_options::mode mode, time_point now);

  [[nodiscard]] breaker_snapshot snapshot(time_point now) const;

private:
  struct state;
  class locked; // holds the mutex and the counts; publishes both atomics when it ends
  enum class gate : std::uint8_t { slow, counted, pass };

  [[nodiscard]] permit acquire_slowly(time_point now) noexcept;
  [[nodiscard]] bool count_quick_success(std::uint32_t generation, time_point now) noexcept;
  void record(std::uint32_t generation, bool failed, duration took, time_point now,
              const error* cause) noexcept;
  void abandon(std::uint32_t generation) noexcept;

  // Key: 1 bit "open for business", 15 bits generation, 24 bits second; then 24 bits of count.
  static constexpr unsigned count_bits = 24;
  static constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;
  [[nodiscard]] static constexpr std::uint64_t key_of(std::uint32_t generation,
                                                      std::int64_t second) noexcept {
    return std::uint64_t{1} << 39 | std::uint64_t{generation & 0x7fffU} << 24 |
           (static_cast<std::uint64_t>(second) & 0xffffffU);
  }

  const duration slow_after_;
  const bool by_time_;
  const std::uint64_t enough_; // successes beyond this change nothing
  // Generation in the upper half, `gate` below. Written under the mutex.
  mutable std::atomic<std::uint64_t> gate_{0};
  // Key and number of the quick successes that `state_` has not been told of yet.
  mutable std::atomic<std::uint64_t> pending_{0};
  std::unique_ptr<state> state_;
};

/// Leave to make one call. Report how it went; a permit that is destroyed unreported only frees
/// its place, so that a lost one cannot wedge the breaker.
class [[nodiscard]] circuit_breaker::permit {
public:
  permit() noexcept = default;
  permit(permit&& other) noexcept
      : owner_{std::exchange(other.owner_, nullptr)}, start_{other.start_},
        generation_{other.generation_}, admitted_{std::exchange(other.admitted_, false)},
        probe_{other.probe_} {}
  permit& operator=(permit&& other) noexcept {
    if (this != &other) {
      drop();
      owner_ = std::exchange(other.owner_, nullptr);
      start_ = other.start_;
      generation_ = other.generation_;
      admitted_ = std::exchange(other.admitted_, false);
      probe_ = other.probe_;
    }
    return *this;
  }
  ~permit() { drop(); }

  explicit operator bool() const noexcept { return admitted_; }

  /// The call succeeded, or failed in a way that the server is not to blame for.
  void succeeded(time_point now) noexcept {
    circuit_breaker* const owner = std::exchange(owner_, nullptr);
    if (!owner) return;
    const duration took = now - start_;
    if (took < owner->slow_after_ && owner->count_quick_success(generation_, now)) return;
    owner->record(generation_, false, took, now, nullptr);
  }

  /// `cause`, if given, is shown to the observer of an opening.
  void failed(time_point now, const error* cause = nullptr) noexcept {
    circuit_breaker* const owner = std::exchange(owner_, nullptr);
    if (owner) owner->record(generation_, true, now - start_, now, cause);
  }

  /// `succeeded` or `failed`, as `counts_against_host` says.
  void ended_with(const error& e, time_point now) noexcept {
    if (counts_against_host(e))
      failed(now, &e);
    else
      succeeded(now);
  }

private:
  friend class circuit_breaker;
  permit(circuit_breaker* owner, std::uint32_t generation, bool probe, time_point start) noexcept
      : owner_{owner}, start_{start}, generation_{generation}, admitted_{true}, probe_{probe} {}

  void drop() noexcept {
    if (owner_ && probe_) owner_->abandon(generation_);
    owner_ = nullptr;
  }

  circuit_breaker* owner_ = nullptr; // null: refused, uncounted, or reported
  time_point start_{};
  std::uint32_t generation_ = 0;
  bool admitted_ = false;
  bool probe_ = false;
};

inline circuit_breaker::permit circuit_breaker::acquire(time_point now) noexcept {
  const std::uint64_t word = gate_.load(std::memory_order_acquire);
  const auto how = static_cast<gate>(word & 0xffU);
  if (how == gate::counted) return permit{this, static_cast<std::uint32_t>(word >> 32), false, now};
  if (how == gate::pass) return permit{nullptr, 0, false, now};
  return acquire_slowly(now);
}

inline bool circuit_breaker::count_quick_success(std::uint32_t generation,
                                                 time_point now) noexcept {
  const std::int64_t second = by_time_ ? now.time_since_epoch().count() / 1'000'000'000 : 0;
  const std::uint64_t key = key_of(generation, second);
  std::uint64_t word = pending_.load(std::memory_order_relaxed);
  while (word >> count_bits == key) {
    if ((word & count_mask) >= enough_) return !by_time_;
    if (pending_.compare_exchange_weak(word, word + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

} // namespace holdfast
