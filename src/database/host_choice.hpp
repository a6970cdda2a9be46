// Which of several hosts takes writes, and how fresh a replica is: decided from what was seen of
// them, without locks, clocks or connections.
#pragma once

#include <holdfast/host_role.hpp>
#include <holdfast/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace holdfast::detail {

/// One host as it was last seen.
struct host_view {
  bool up = true;
  host_role role = host_role::unknown;
  std::uint64_t history = 0; ///< as in `drivers::server_state`
  time_point known_at{};     ///< an answer to an older question does not count
  /// A replica shows all that was committed then.
  std::optional<time_point> shows{};
};

inline constexpr std::size_t nobody = static_cast<std::size_t>(-1);

/// The one that takes writes: of the primaries that are up that of the newest history; of equals
/// the present one, else the first. None of a history older than `newest`, which was seen: it has
/// been superseded, and what is written there gets lost.
[[nodiscard]] std::size_t choose_writer(std::span<const host_view> hosts, std::size_t present,
                                        std::uint64_t newest) noexcept;

/// Fresh enough to be read from?
[[nodiscard]] bool shows_enough(const host_view& host, time_point now,
                                const std::optional<duration>& max_staleness) noexcept;

/// Where the primary's log stood when. A replica that shows that place shows all that was committed
/// by then; no clock but ours is looked at.
class log_marks {
public:
  /// `asked`: before the primary was.
  void note(std::uint64_t history, std::uint64_t position, time_point asked);
  /// What a replica there shows; empty if it cannot be said: too far behind, or of another history.
  [[nodiscard]] std::optional<time_point> shown_at(std::uint64_t history,
                                                   std::uint64_t position) const noexcept;

private:
  struct mark {
    std::uint64_t position;
    time_point asked;
  };
  std::uint64_t history_ = 0;
  std::vector<mark> marks_; // by both; thinned out when they are many
};

} // namespace holdfast::detail
