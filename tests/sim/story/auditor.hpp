// Keeps books of a pool, a breaker and the retries by their events alone, and says which promise
// was broken first.
#pragma once

#include <holdfast/event.hpp>
#include <holdfast/options.hpp>
#include <holdfast/retry_decision.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

namespace holdfast::sim {

class auditor final : public observer {
public:
  auditor(const pool_options& pool, const retry_options& retry) : pool_{pool}, retry_{retry} {}

  void on_event(const event& e) noexcept override;

  /// Between steps: within one a donated connection is created and ready, though others connect.
  void settled(time_point now) {
    require(connecting_.size() <= pool_.max_connecting,
            "more connects at once than max_connecting");
    if (host_up_ && !suspended_ && !for_host_.empty() && now > up_since_ + soon)
      require(false, "call " + *for_host_.begin() + " still waits for a host that is back");
  }
  /// The database is being reset, which closes its breaker from any state.
  void note_reset() noexcept { breaker_ = breaker::reset; }
  /// Suspended, calls wait whatever the host is; from `resumed` on they are to go on.
  void suspended() noexcept { suspended_ = true; }
  void resumed(time_point now) noexcept {
    suspended_ = false;
    up_since_ = std::max(up_since_, now);
  }
  void require(bool holds, std::string_view what) {
    if (!holds && broken_.empty()) broken_ = what;
  }
  [[nodiscard]] const std::string& broken() const noexcept { return broken_; }
  [[nodiscard]] std::int64_t waiting() const noexcept { return waiting_; }
  [[nodiscard]] std::size_t lent() const noexcept { return lent_.size(); }
  [[nodiscard]] bool all_ended() const {
    return waiting_ == 0 && lent_.empty() && connecting_.empty() && open_.empty();
  }
  [[nodiscard]] std::uint64_t trace() const noexcept { return trace_; }
  [[nodiscard]] std::uint64_t times_open() const noexcept { return times_open_; }

private:
  enum class breaker : std::uint8_t { closed, open, half_open, host_down, reset };
  static constexpr duration soon = std::chrono::milliseconds{10};

  struct tries {
    std::array<std::uint32_t, retry_kinds> again{};
    bool in_doubt = false;
  };

  void see_pool(const event& e);
  void see_lease(const event& e);
  void see_breaker(const event& e);
  void see_host(const event& e);
  void see_retry(const event& e);
  void follow(const event& e) noexcept;

  const pool_options pool_;
  const retry_options retry_;
  std::uint64_t last_id_ = 0;
  std::uint64_t generation_ = 1;
  bool paused_ = true;
  std::set<std::uint64_t> connecting_;
  std::map<std::uint64_t, std::uint64_t> open_; // connections, and their generation
  std::set<std::uint64_t> lent_;
  std::int64_t waiting_ = 0;
  breaker breaker_ = breaker::closed;
  std::uint64_t times_open_ = 0;
  bool host_up_ = true;
  bool suspended_ = false;
  time_point up_since_{};
  std::set<std::string> for_host_;               // calls that wait for it, without a pause before
  std::unordered_map<std::string, tries> tries_; // of calls
  std::uint64_t trace_ = 0;
  std::string broken_;
};

} // namespace holdfast::sim
