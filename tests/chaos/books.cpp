#include "chaos/books.hpp"

#include <algorithm>
#include <unordered_map>

namespace holdfast::matrix {

namespace {

using rows = std::unordered_map<std::int64_t, std::int64_t>; // id: how often it is there

answer settle(database& db, const written& w, findings& f) {
  if (w.was != answer::unknown) return w.was;
  ++f.unknown;
  if (w.token.empty()) return w.was;
  const auto fate = db.try_outcome_of(w.token);
  if (!fate || *fate == outcome::unknown) return w.was;
  ++f.settled;
  return *fate == outcome::committed ? answer::acknowledged : answer::failed;
}

void compare(answer truth, std::int64_t times, findings& f) {
  if (times > 1) ++f.doubled;
  if (truth == answer::acknowledged && times == 0) ++f.lost;
  if (truth == answer::failed && times > 0) ++f.contradicted;
}

void add_up(const ledger& book, findings& f) {
  f.wrong_replies += book.wrong_replies;
  f.worst_overrun = std::max(f.worst_overrun, book.worst_overrun);
  for (const auto& [name, count] : book.errors) f.errors[name] += count;
  for (const auto& w : book.writes) {
    if (w.was == answer::acknowledged) ++f.acknowledged;
    if (w.was == answer::failed) ++f.failed;
  }
}

} // namespace

findings check_books(database& db, ground& ground, std::span<const ledger> books) {
  findings f;
  std::vector<std::pair<std::int64_t, answer>> truths;
  for (const auto& book : books) {
    add_up(book, f);
    for (const auto& w : book.writes) truths.emplace_back(w.id, settle(db, w, f));
  }
  rows there;
  for (const auto& [id, times] :
       ground.boss().query<std::int64_t, std::int64_t>(ground.words().count_entries))
    there[id] = times;
  for (const auto& [id, truth] : truths) {
    const auto at = there.find(id);
    compare(truth, at == there.end() ? 0 : at->second, f);
    if (at != there.end()) there.erase(at);
  }
  f.uninvited = there.size();
  const auto money = ground.boss().query_value<std::int64_t>(ground.words().sum_accounts).value();
  f.money_missing = account_count * opening_balance - money;
  return f;
}

} // namespace holdfast::matrix
