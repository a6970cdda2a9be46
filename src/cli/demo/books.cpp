#include "cli/demo/books.hpp"

#include "cli/demo/dialect.hpp"

#include <fmt/format.h>
#include <unordered_map>

namespace holdfast::cli::demo {

namespace {

constexpr std::size_t most_examples = 10;

struct found_row {
  std::uint64_t times = 0;
  std::string seat;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t amount = 0;
};
using found_rows = std::unordered_map<std::string, found_row>;

class checker {
public:
  explicit checker(database& db) : db_{db} {}

  findings check(std::span<const ledger* const> books) {
    f_.money_before = account_count * opening_balance;
    read_bookings();
    read_transfers();
    for (const ledger* one : books) {
      f_.repeated += one->repeated;
      for (const auto& text : one->contradictions) contradict(text);
      for (const auto& entry : one->entries) compare(entry);
    }
    for (const auto& [key, row] : rows_) contradict(key + " is there, and nobody asked for it");
    compare_balances();
    return std::move(f_);
  }

private:
  void read_bookings() {
    for (auto& [key, seat] :
         db_.query<std::string, std::string>("select operation, seat from booking")) {
      found_row& row = rows_[key];
      ++row.times;
      row.seat = std::move(seat);
    }
  }

  void read_transfers() {
    for (const auto& [key, from, to, amount] :
         db_.query<std::string, std::int64_t, std::int64_t, std::int64_t>(
             "select operation, source, target, amount from transfer")) {
      found_row& row = rows_[key];
      ++row.times;
      row.from = from;
      row.to = to;
      row.amount = amount;
      moved_[from] -= amount;
      moved_[to] += amount;
    }
  }

  void compare(const ledger_entry& e) {
    ++f_.told[static_cast<std::size_t>(e.was)];
    const auto at = rows_.find(e.key);
    const found_row row = at == rows_.end() ? found_row{} : at->second;
    if (at != rows_.end()) rows_.erase(at);
    const outcome truth = fate_of(e);
    if (truth == outcome::unknown) return;
    const bool due = truth == outcome::committed;
    if (row.times > 1)
      return blame(f_.doubled, fmt::format("{} is there {} times", e.key, row.times));
    if (due && row.times == 0) return blame(f_.lost, e.key + " was acknowledged and is not there");
    if (!due && row.times > 0) return contradict(e.key + " did not happen, and is there");
    const bool same =
        row.seat == e.seat && row.from == e.from && row.to == e.to && row.amount == e.amount;
    if (due && !same) contradict(e.key + " is there with other values");
  }

  outcome fate_of(const ledger_entry& e) {
    if (e.was == answer::acknowledged) return outcome::committed;
    if (e.was != answer::in_doubt) return outcome::not_committed;
    auto asked = db_.try_outcome_of(e.token.empty() ? e.key : e.token);
    const outcome fate = asked ? *asked : outcome::unknown;
    if (fate == outcome::committed) ++f_.settled_committed;
    if (fate == outcome::not_committed) ++f_.settled_not_committed;
    if (fate == outcome::unknown) blame(f_.unknown, e.key + ": nobody knows");
    return fate;
  }

  void compare_balances() {
    for (const auto& [id, balance] :
         db_.query<std::int64_t, std::int64_t>("select id, balance from account")) {
      f_.money_after += balance;
      const std::int64_t due = opening_balance + moved_[id];
      if (balance != due)
        contradict(fmt::format("account {} holds {}, its transfers come to {}", id, balance, due));
    }
  }

  void contradict(std::string what) { blame(f_.contradicted, std::move(what)); }

  void blame(std::uint64_t& count, std::string what) {
    ++count;
    if (f_.examples.size() < most_examples) f_.examples.push_back(std::move(what));
  }

  database& db_;
  findings f_;
  found_rows rows_;
  std::unordered_map<std::int64_t, std::int64_t> moved_; // account: what its transfers come to
};

} // namespace

findings check_books(database& db, std::span<const ledger* const> books) {
  return checker{db}.check(books);
}

} // namespace holdfast::cli::demo
