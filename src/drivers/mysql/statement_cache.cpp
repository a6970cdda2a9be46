#include "drivers/mysql/statement_cache.hpp"

#include <utility>

namespace holdfast::drivers::mysql {

[[gnu::hot]] prepared_statement* statement_cache::find(std::string_view sql) {
  if (!used_.empty() && used_.front().sql == sql) return &used_.front();
  const auto found = by_sql_.find(sql);
  if (found == by_sql_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second);
  return &used_.front();
}

prepared_statement& statement_cache::insert(prepared_statement s) {
  doom(s.sql);
  if (used_.size() >= capacity_) doom(used_.back().sql);
  used_.push_front(std::move(s));
  by_sql_.emplace(used_.front().sql, used_.begin());
  return used_.front();
}

void statement_cache::doom(std::string_view sql) {
  const auto found = by_sql_.find(sql);
  if (found == by_sql_.end()) return;
  const auto place = found->second;
  doomed_.push_back(std::move(place->handle));
  by_sql_.erase(found);
  used_.erase(place);
}

void statement_cache::forget_all() noexcept {
  by_sql_.clear();
  used_.clear();
  doomed_.clear();
}

} // namespace holdfast::drivers::mysql
