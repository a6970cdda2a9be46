#include "database/stale_cache.hpp"

#include <algorithm>

namespace holdfast::detail {

void stale_cache::drop(order::iterator which) noexcept {
  bytes_ -= which->size;
  by_key_.erase(which->key);
  used_.erase(which);
}

void stale_cache::put(const std::string& key, row_copy rows, std::size_t size, time_point now) {
  const std::size_t whole = size + sizeof(kept) + key.size();
  const std::lock_guard lock{mutex_};
  if (const auto old = by_key_.find(key); old != by_key_.end()) drop(old->second);
  if (whole > options_.max_bytes) return;
  while (!used_.empty() &&
         (used_.size() >= options_.max_entries || bytes_ + whole > options_.max_bytes))
    drop(std::prev(used_.end()));
  used_.push_front({key, std::make_shared<const row_copy>(std::move(rows)), whole, now});
  by_key_.emplace(used_.front().key, used_.begin());
  bytes_ += whole;
}

std::optional<stale_cache::entry> stale_cache::find(const std::string& key, duration most,
                                                    time_point now) {
  const std::lock_guard lock{mutex_};
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const auto at = found->second;
  const duration age = now - at->at;
  if (age > options_.max_age) {
    drop(at);
    return std::nullopt;
  }
  if (age > most) return std::nullopt;
  used_.splice(used_.begin(), used_, at);
  return entry{at->rows, age};
}

std::size_t stale_cache::size() const {
  const std::lock_guard lock{mutex_};
  return used_.size();
}

std::size_t stale_cache::bytes() const {
  const std::lock_guard lock{mutex_};
  return bytes_;
}

} // namespace holdfast::detail
