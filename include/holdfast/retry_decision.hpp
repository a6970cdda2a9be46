#pragma once

#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/resilience_options.hpp>
#include <holdfast/retry_budget.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace holdfast {

/// What would run again.
enum class retry_scope : std::uint8_t {
  statement,      ///< one statement, on its own: it is its own transaction
  in_transaction, ///< a statement or savepoint of a block: only what left the block alive
  transaction,    ///< a whole block
};

/// Which policy of `retry_options` an error falls under.
enum class retry_kind : std::uint8_t {
  none, ///< never retried
  connect,
  conflict,
  busy,
  failover,
  overload,
  statement,
  refused, ///< an open or ramping breaker: nothing was attempted
};
inline constexpr std::size_t retry_kinds = 8;

/// What does not change between the attempts of one call.
struct retry_terms {
  deadline until;
  /// Running it twice does the same as once: the caller's word, or an operation key's proof.
  bool idempotent = false;
  retry_scope scope = retry_scope::statement;
  /// Somebody owns the way back of an unreachable host and can tell when it is ready. Without one,
  /// an outage is retried by timer.
  bool host_monitor = false;
  /// Somebody finds out which of several hosts takes writes and tells: a failover is waited for.
  bool several_hosts = false;
  /// A write was sent and not answered, and another attempt begins by asking what became of it:
  /// harmless, and limited by time alone, as whoever gives up leaves the caller without the truth.
  bool in_doubt = false;
};

/// What the attempts so far have used up.
struct retry_state {
  std::array<std::uint32_t, retry_kinds> retries{}; ///< granted, by kind
  std::uint32_t attempts = 0;                       ///< made, the first included
  duration previous{};                              ///< the last delay
  duration waited{};                                ///< for the host, in all
  bool lent = false; ///< one retry without a token was granted already
};

struct retry_decision {
  enum class action : std::uint8_t {
    retry,         ///< after `delay`
    wait_for_host, ///< pause for `pause`, then until one is ready, at most for `delay`; then retry
    give_up,       ///< `reason` tells why: attempts, deadline, budget, not_safe,
                   ///< connection_error (an outage, and the caller wants to fail fast),
                   ///< or none (the error is not of a kind that trying again can help)
  };
  action what = action::give_up;
  event_reason reason = event_reason::none;
  retry_kind kind = retry_kind::none;
  duration delay{};
  duration pause{};
  double cost = 0; ///< to take from the budget before retrying
};

/// Everything that the decision looks at.
struct retry_question {
  const retry_options& options;
  const retry_terms& terms;
  const retry_state& state;
  const error& last;
  time_point now{};
  std::uint64_t random = 0; ///< 64 uniform bits
  duration median{};        ///< the usual time of an attempt
  double budget = 0;        ///< tokens left; infinity where there is no budget
};

[[nodiscard]] retry_kind retry_kind_of(const error& e) noexcept;

/// The host itself could not be reached or is going away: the host monitor's business.
[[nodiscard]] bool is_outage(const error& e) noexcept;

/// This process refused; no byte left it.
[[nodiscard]] bool is_local_refusal(const error& e) noexcept;

/// Whether running it again cannot do harm: nothing happened, or twice is as good as once.
[[nodiscard]] bool safe_to_retry(const error& e, const retry_terms& terms) noexcept;

/// Retry, wait for the host, or give up? Pure.
///
/// A statement that was sent is never retried unless it is known to have had no effect or was
/// declared idempotent. Conflicts cost nothing; refusals by this process cost nothing. Waiting for
/// the host costs nothing: its slow start is the limit. Declined when the time left is shorter than
/// delay + median attempt.
[[nodiscard]] retry_decision decide_retry(const retry_question& q) noexcept;

/// The retries of one call: counts, spends, remembers the last real error. Costs nothing until
/// something fails.
///
/// Threads: one at a time. `options` must outlive it.
class retry_session {
public:
  retry_session(const retry_options& options, const retry_terms& terms, time_point start) noexcept
      : options_{options}, terms_{terms}, declared_{terms.idempotent}, start_{start} {}

  /// Before each attempt that is really made (refused ones are not).
  void attempt_begins() noexcept { ++state_.attempts; }

  /// After a failure: what to do. Spends from `budget` (may be null) what the decision costs.
  [[nodiscard]] retry_decision failed(error e, time_point now, std::uint64_t random,
                                      duration median, retry_budget* budget);

  /// Before `failed`, and for that one failure: running it again is as good as once by its nature;
  /// another attempt would first ask what became of this one; nothing of the attempts before it is
  /// in force.
  void note_facts(bool repeatable, bool in_doubt, bool settled) noexcept {
    terms_.idempotent = declared_ || repeatable;
    terms_.in_doubt = in_doubt;
    if (!settled) return;
    worst_ = side_effect::none;
    outcome_token_.clear();
  }

  /// After a `wait_for_host`: how long it took, without the pause.
  void waited_for_host(duration d) noexcept { state_.waited += d; }

  /// Something else ended the call between attempts: a cancellation.
  void interrupted_by(error e) { remember(std::move(e)); }

  /// The last real error: attempts and elapsed added, and the truth about the write over all
  /// attempts. A refusal by this process stands only if nothing real ever failed.
  /// Requires at least one `failed`.
  [[nodiscard]] error take_error(time_point now);

  [[nodiscard]] const retry_state& state() const noexcept { return state_; }
  [[nodiscard]] const retry_terms& terms() const noexcept { return terms_; }
  [[nodiscard]] time_point start() const noexcept { return start_; }
  /// The error of the last `failed`; valid until the next.
  [[nodiscard]] const error& last() const noexcept { return *last_; }

private:
  void remember(error e);
  void note(const retry_decision& d) noexcept;

  const retry_options& options_;
  retry_terms terms_;
  bool declared_; // idempotent, by the caller
  time_point start_;
  retry_state state_;
  side_effect worst_ = side_effect::none;
  std::string outcome_token_;
  std::unique_ptr<error> last_;
  std::unique_ptr<error> real_; // the last one that is not a refusal, if `last_` is one
};

} // namespace holdfast
