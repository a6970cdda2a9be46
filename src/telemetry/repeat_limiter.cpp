#include "telemetry/repeat_limiter.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::detail {
namespace {

bool is_sampled(std::uint64_t nth) noexcept {
  if (nth < 100) return false;
  while (nth % 10 == 0) nth /= 10;
  return nth == 1;
}

} // namespace

repeat_limiter::window& repeat_limiter::window_of(time_point now, const repeat_key& key) {
  const auto known = windows_.find(key);
  if (known != windows_.end()) return known->second;
  if (windows_.size() >= limits_.max_keys && !(key.database.empty() && key.host.empty()))
    return window_of(now,
                     repeat_key{key.kind, event_reason::none, std::nullopt, key.level, {}, {}});
  stored_key mine{
      key.kind, key.reason, key.code, key.level, std::string{key.database}, std::string{key.host}};
  next_expiry_ = std::min(next_expiry_, now + limits_.window);
  return windows_.emplace(std::move(mine), window{now}).first->second;
}

repeat_verdict repeat_limiter::decide(time_point now, const repeat_key& key) {
  latest_ = std::max(latest_, now);
  auto& w = window_of(now, key);
  ++w.seen;
  if (w.seen <= limits_.burst) return {};
  if (is_sampled(w.seen)) return {true, w.seen};
  ++w.suppressed;
  return {false, 0};
}

repeat_summary repeat_limiter::summary_of(const stored_key& key, const window& w, duration length) {
  return {key.kind, key.reason, key.code, key.level, key.database, key.host, w.suppressed, length};
}

std::vector<repeat_summary> repeat_limiter::expire(time_point now) {
  std::vector<repeat_summary> ended;
  next_expiry_ = time_point::max();
  std::erase_if(windows_, [&](const auto& entry) {
    const auto& [key, w] = entry;
    const auto end = w.began + limits_.window;
    if (now < end) {
      next_expiry_ = std::min(next_expiry_, end);
      return false;
    }
    if (w.suppressed > 0) ended.push_back(summary_of(key, w, limits_.window));
    return true;
  });
  return ended;
}

std::vector<repeat_summary> repeat_limiter::finish() {
  std::vector<repeat_summary> ended;
  for (const auto& [key, w] : windows_)
    if (w.suppressed > 0) ended.push_back(summary_of(key, w, latest_ - w.began));
  windows_.clear();
  next_expiry_ = time_point::max();
  return ended;
}

} // namespace holdfast::detail
