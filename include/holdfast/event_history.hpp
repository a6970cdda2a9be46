#pragma once

#include <holdfast/event.hpp>
#include <holdfast/result.hpp>
#include <holdfast/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

struct event_history_options {
  /// How far back it reaches: `bucket × buckets`.
  duration bucket = std::chrono::minutes{1};
  std::size_t buckets = 60;
  /// Bounds the memory: further combinations of kind, reason, code and host within one bucket are
  /// counted under the host "(other)".
  std::size_t rows_per_bucket = 256;
  /// High-volume kinds are for metrics: here each event takes a mutex.
  event_set kinds = event_set::all() - high_volume_events;
};

/// All violations, each naming the option and what it takes; empty if there are none.
[[nodiscard]] std::vector<std::string> validate(const event_history_options& options);

/// Why events of one kind happened on one host.
struct event_cause {
  event_reason reason = event_reason::none;
  std::optional<errc> code;
  std::uint64_t count = 0;
};

struct event_count {
  event_kind kind{};
  std::string host;
  std::uint64_t count = 0;
  time_point first{}; ///< to the bucket
  time_point last{};
  std::vector<event_cause> causes; ///< their counts add up to `count`; the most frequent first
};

/// What happened between two moments, by kind, then by host.
struct event_summary {
  time_point from{}; ///< the start of the oldest bucket that is counted
  time_point until{};
  std::uint64_t total = 0;
  std::vector<event_count> rows;

  [[nodiscard]] std::uint64_t count(event_kind kind) const noexcept;
  [[nodiscard]] std::uint64_t count(event_kind kind, std::string_view host) const noexcept;
};

/// Remembers how many events of which kind happened where, in a ring of time buckets. It reads no
/// clock: an event counts at its own time, and one older than the ring is dropped. Keeps no event
/// itself. Threads: any.
class event_history final : public observer {
public:
  /// Errors: invalid_configuration.
  [[nodiscard]] static result<std::shared_ptr<event_history>>
  create(event_history_options options = {});
  ~event_history() override;

  void on_event(const event& e) noexcept override;
  [[nodiscard]] event_set interests() const noexcept override;

  /// By kind and host; at most as far back as the ring reaches, rounded up to whole buckets.
  [[nodiscard]] event_summary last(duration span, time_point now) const;
  [[nodiscard]] event_summary last_hour(time_point now) const {
    return last(std::chrono::hours{1}, now);
  }

private:
  struct state;
  explicit event_history(std::unique_ptr<state> s) noexcept;
  std::unique_ptr<state> state_;
};

} // namespace holdfast
