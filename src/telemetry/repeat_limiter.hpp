// Decides which of many alike lines are written. A pure state machine: the time is an argument.
#pragma once

#include <holdfast/error.hpp>
#include <holdfast/event.hpp>
#include <holdfast/event_log.hpp>

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::detail {

/// What makes two lines alike. Views; the limiter keeps its own copies.
struct repeat_key {
  event_kind kind{};
  event_reason reason{};
  std::optional<errc> code;
  log_level level{};
  std::string_view database;
  std::string_view host;
  friend auto operator<=>(const repeat_key&, const repeat_key&) = default;
};

struct repeat_limits {
  std::uint32_t burst = 5;      ///< lines a window that are written one by one, ≥ 1
  duration window{};            ///< > 0
  std::size_t max_keys = 1'000; ///< beyond it, hosts of a kind share one key
};

struct repeat_verdict {
  bool write = true;
  std::uint64_t repeats = 0; ///< of a sample: which one of its window this is; 0 within the burst
};

/// What a window that has ended held back.
struct repeat_summary {
  event_kind kind{};
  event_reason reason{};
  std::optional<errc> code;
  log_level level{};
  std::string database;
  std::string host;
  std::uint64_t suppressed = 0;
  duration window{};
};

/// Of each key it lets the first `burst` lines of a window pass, then samples ever more thinly: the
/// 100th, the 1,000th, the 10,000th … A window begins with a key's first line. Memory is bounded by
/// `max_keys` (plus one key a kind).
class repeat_limiter {
public:
  explicit repeat_limiter(repeat_limits limits) noexcept : limits_{limits} {}

  /// Call `expire(now)` before, if `expiry_due(now)`.
  [[nodiscard]] repeat_verdict decide(time_point now, const repeat_key& key);

  [[nodiscard]] bool expiry_due(time_point now) const noexcept { return now >= next_expiry_; }
  /// Forgets the windows that have ended; tells of those that held something back.
  [[nodiscard]] std::vector<repeat_summary> expire(time_point now);
  /// Ends every window, at the time of the last line.
  [[nodiscard]] std::vector<repeat_summary> finish();

  [[nodiscard]] time_point latest() const noexcept { return latest_; }
  [[nodiscard]] std::size_t keys() const noexcept { return windows_.size(); }

private:
  struct stored_key {
    event_kind kind{};
    event_reason reason{};
    std::optional<errc> code;
    log_level level{};
    std::string database;
    std::string host;
    [[nodiscard]] repeat_key view() const noexcept {
      return {kind, reason, code, level, database, host};
    }
  };
  struct by_key {
    using is_transparent = void;
    static repeat_key view(const stored_key& k) noexcept { return k.view(); }
    static const repeat_key& view(const repeat_key& k) noexcept { return k; }
    bool operator()(const auto& a, const auto& b) const noexcept { return view(a) < view(b); }
  };
  struct window {
    time_point began{};
    std::uint64_t seen = 0;
    std::uint64_t suppressed = 0;
  };

  window& window_of(time_point now, const repeat_key& key);
  static repeat_summary summary_of(const stored_key& key, const window& w, duration length);

  repeat_limits limits_;
  std::map<stored_key, window, by_key> windows_;
  time_point next_expiry_ = time_point::max(); // no window ends before it
  time_point latest_ = time_point::min();
};

} // namespace holdfast::detail
