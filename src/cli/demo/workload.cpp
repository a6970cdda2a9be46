#include "cli/demo/workload.hpp"

#include <holdfast/exceptions.hpp>

#include <random>
#include <tuple>
#include <vector>

namespace holdfast::cli {

namespace {

/// Thrown by a transfer that changes its mind after the first half: nothing of it may stay.
struct change_of_mind {};

class caller {
public:
  caller(database db, std::string prefix, std::uint64_t seed, tally& counts, ledger& mine)
      : db_{std::move(db)}, prefix_{std::move(prefix)}, random_{seed}, counts_{counts},
        mine_{mine} {}

  void step() {
    entry e;
    e.id = prefix_ + std::to_string(number_++);
    const auto began = clock::now();
    const bool books = pick(2) == 0;
    e.what = books ? deed::booking : deed::transfer;
    try {
      e.told = books ? book(e) : transfer(e);
    } catch (const database_error& failure) {
      note_failure(e, failure);
    }
    count(e.told);
    const auto took = std::chrono::duration<float, std::milli>(clock::now() - began);
    mine_.milliseconds.push_back(took.count());
    mine_.entries.push_back(std::move(e));
  }

private:
  std::int64_t pick(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }

  answer book(const entry& e) {
    try {
      db_.with({.name = "demo.book", .operation_key = e.id})
          .execute("insert into booking(id, seat) values ($1, $2)", e.id, pick(seats));
      return answer::acknowledged;
    } catch (const constraint_error&) {
      return answer::refused; // the seat is taken
    }
  }

  answer transfer(entry& e) {
    e.from = pick(accounts);
    e.to = (e.from + 1 + pick(accounts - 1)) % accounts;
    e.amount = 1 + pick(20);
    const bool gives_up = pick(20) == 0;
    // In the order of the accounts, so that transfers rarely lock each other out.
    const bool up = e.from < e.to;
    const auto first = up ? std::pair{e.from, -e.amount} : std::pair{e.to, e.amount};
    const auto second = up ? std::pair{e.to, e.amount} : std::pair{e.from, -e.amount};
    const transaction_options how{.operation_key = e.id, .name = "demo.transfer"};
    try {
      db_.transaction(how, [&](transaction& tx) {
        move(tx, first);
        if (gives_up) throw change_of_mind{};
        move(tx, second);
        tx.execute("insert into transfer(id, payer, payee, amount) values ($1, $2, $3, $4)", e.id,
                   e.from, e.to, e.amount);
      });
      return answer::acknowledged;
    } catch (const change_of_mind&) {
      return answer::refused;
    }
  }

  static void move(transaction& tx, std::pair<std::int64_t, std::int64_t> part) {
    tx.execute("update account set balance = balance + $1 where id = $2", part.second, part.first);
  }

  void note_failure(entry& e, const database_error& failure) {
    e.told = failure.effect() == side_effect::unknown ? answer::unknown : answer::failed;
    e.token = failure.outcome_token();
    if (mine_.first_failure.empty()) mine_.first_failure = failure.what();
  }

  void count(answer told) {
    auto& counter = told == answer::acknowledged ? counts_.acknowledged
                    : told == answer::refused    ? counts_.refused
                    : told == answer::failed     ? counts_.failed
                                                 : counts_.unknown;
    ++counter;
    if (told == answer::acknowledged)
      counts_.last_success = clock::now().time_since_epoch().count();
  }

  database db_;
  std::string prefix_;
  std::mt19937_64 random_;
  tally& counts_;
  ledger& mine_;
  std::uint64_t number_ = 0;
};

} // namespace

void prepare(database& db) {
  db.execute("create table account(id bigint primary key, balance bigint not null)");
  db.execute("create table booking(id varchar(64) primary key, seat bigint not null unique)");
  db.execute(
      "create table transfer(id varchar(64) primary key, payer bigint not null, payee bigint "
      "not null, amount bigint not null)");
  std::vector<std::tuple<std::int64_t, std::int64_t>> rows;
  for (std::int64_t i = 0; i < accounts; ++i) rows.emplace_back(i, opening_balance);
  db.insert_many("account", {"id", "balance"}, rows);
}

void call_until(database db, const std::string& prefix, std::uint64_t seed,
                const std::atomic<bool>& stop, tally& counts, ledger& mine) {
  caller me{std::move(db), prefix, seed, counts, mine};
  while (!stop) me.step();
}

} // namespace holdfast::cli
