#include "cli/demo/books.hpp"

#include "cli/demo/workload.hpp"

#include <map>
#include <set>

namespace holdfast::cli {

namespace {

struct stored_transfer {
  std::string id;
  std::int64_t payer = 0;
  std::int64_t payee = 0;
  std::int64_t amount = 0;
};

/// What an unknown turned out to be; unknown if it can't be settled.
answer settle(database& db, const entry& e, verdict& v) {
  const auto became = db.outcome_of(e.token.empty() ? e.id : e.token);
  if (became == outcome::unknown) {
    ++v.unknown;
    return answer::unknown;
  }
  ++v.resolved;
  return became == outcome::committed ? answer::acknowledged : answer::failed;
}

void compare(verdict& v, answer told, bool there) {
  if (told == answer::acknowledged && !there) ++v.lost;
  if ((told == answer::refused || told == answer::failed) && there) ++v.doubled;
}

/// Balances must be what the transfers that are there say: a transfer that was applied twice, or
/// half, shows here.
std::uint64_t wrong_balances(database& db, const std::vector<stored_transfer>& transfers) {
  std::map<std::int64_t, std::int64_t> expected;
  for (std::int64_t i = 0; i < accounts; ++i) expected[i] = opening_balance;
  for (const auto& t : transfers) {
    expected[t.payer] -= t.amount;
    expected[t.payee] += t.amount;
  }
  std::uint64_t wrong = 0;
  for (const auto& [id, balance] :
       db.query<std::int64_t, std::int64_t>("select id, balance from account"))
    if (expected[id] != balance) ++wrong;
  return wrong;
}

} // namespace

verdict check_books(database& db, const std::vector<ledger>& books) {
  verdict v;
  std::map<const entry*, answer> settled;
  for (const ledger& l : books)
    for (const entry& e : l.entries)
      if (e.told == answer::unknown) settled[&e] = settle(db, e, v);
  const auto booked = db.query<std::string>("select id from booking");
  std::set<std::string> there{booked.begin(), booked.end()};
  const auto transfers = db.query<stored_transfer>("select id, payer, payee, amount from transfer");
  for (const auto& t : transfers) there.insert(t.id);
  std::size_t explained = 0;
  for (const ledger& l : books)
    for (const entry& e : l.entries) {
      const answer told = e.told == answer::unknown ? settled[&e] : e.told;
      const bool found = there.contains(e.id);
      if (found) ++explained;
      compare(v, told, found);
    }
  v.doubled += there.size() - explained; // rows that nobody asked for
  v.doubled += wrong_balances(db, transfers);
  const auto sum = db.query_value<std::int64_t>("select cast(sum(balance) as bigint) from account");
  v.money = sum.value() - accounts * opening_balance;
  return v;
}

} // namespace holdfast::cli
