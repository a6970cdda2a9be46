// Results of the past, for reads that take one while the database is unavailable. Bounded by
// entries, bytes and age; the least recently used goes first.
#pragma once

#include "database/row_copy.hpp"

#include <holdfast/options.hpp>

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace holdfast::detail {

/// Knows no time: it is told. Thread-safe.
class stale_cache {
public:
  struct entry {
    std::shared_ptr<const row_copy> rows;
    duration age{};
  };

  explicit stale_cache(const stale_options& options) noexcept : options_{options} {}

  /// What `key` gave last, in place of what it gave before; `size` is about its memory. One that is
  /// larger than all may be is not kept, and the one before goes all the same.
  void put(const std::string& key, row_copy rows, std::size_t size, time_point now);
  /// At most `most` old. A use counts for the order in which they go.
  [[nodiscard]] std::optional<entry> find(const std::string& key, duration most, time_point now);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t bytes() const;

private:
  struct kept {
    std::string key;
    std::shared_ptr<const row_copy> rows;
    std::size_t size = 0;
    time_point at;
  };
  using order = std::list<kept>;
  void drop(order::iterator which) noexcept;

  const stale_options options_;
  mutable std::mutex mutex_;                                     // guards all below
  order used_;                                                   // the last used first
  std::unordered_map<std::string_view, order::iterator> by_key_; // the keys are the list's
  std::size_t bytes_ = 0;
};

} // namespace holdfast::detail
