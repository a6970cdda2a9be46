#include "drivers/sqlite/statement_cache.hpp"

#include <sqlite3.h>
#include <utility>

namespace holdfast::drivers::sqlite {

void finalizer::operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }

prepared* statement_cache::find(std::string_view sql) noexcept {
  const auto found = index_.find(sql);
  if (found == index_.end()) return nullptr;
  order_.splice(order_.begin(), order_, found->second);
  return &found->second->statement;
}

prepared& statement_cache::insert(std::string_view sql, prepared&& p) {
  if (order_.size() >= capacity_) {
    index_.erase(order_.back().sql);
    order_.pop_back();
  }
  order_.push_front({std::string{sql}, std::move(p)});
  index_.emplace(order_.front().sql, order_.begin());
  return order_.front().statement;
}

void statement_cache::clear() noexcept {
  index_.clear();
  order_.clear();
}

} // namespace holdfast::drivers::sqlite
