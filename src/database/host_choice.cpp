#include "database/host_choice.hpp"

#include <algorithm>

namespace holdfast::detail {

namespace {
constexpr std::size_t most_marks = 128;
}

std::size_t choose_writer(std::span<const host_view> hosts, std::size_t present,
                          std::uint64_t newest) noexcept {
  std::size_t best = nobody;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const host_view& h = hosts[i];
    if (!h.up || h.role != host_role::primary || h.history < newest) continue;
    const bool better = best == nobody || h.history > hosts[best].history ||
                        (h.history == hosts[best].history && i == present);
    if (better) best = i;
  }
  return best;
}

bool shows_enough(const host_view& host, time_point now,
                  const std::optional<duration>& max_staleness) noexcept {
  if (!host.up || host.role != host_role::replica) return false;
  return !max_staleness || (host.shows && now - *host.shows <= *max_staleness);
}

void log_marks::note(std::uint64_t history, std::uint64_t position, time_point asked) {
  if (history != history_) marks_.clear();
  history_ = history;
  if (!marks_.empty() && marks_.back().position >= position) {
    // Nothing was written since: the same place stands for a later moment.
    if (marks_.back().position == position)
      marks_.back().asked = std::max(marks_.back().asked, asked);
    return;
  }
  if (marks_.size() == most_marks) {
    std::size_t i = 0;
    std::erase_if(marks_, [&i](const mark&) { return i++ % 2 != 0; });
  }
  marks_.push_back({position, asked});
}

std::optional<time_point> log_marks::shown_at(std::uint64_t history,
                                              std::uint64_t position) const noexcept {
  if (history == 0 || history != history_) return std::nullopt;
  const auto beyond = std::ranges::upper_bound(marks_, position, {}, &mark::position);
  if (beyond == marks_.begin()) return std::nullopt;
  return std::prev(beyond)->asked;
}

} // namespace holdfast::detail
