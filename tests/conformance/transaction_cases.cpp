// A block takes effect whole or not at all, and nobody is told otherwise.
#include "conformance/suite.hpp"

#include <array>
#include <atomic>
#include <thread>

namespace holdfast::conformance {

namespace {

/// Two accounts of 100.
database with_accounts(trial& t, database_options o = {}) {
  auto db = t.open(std::move(o));
  db.execute("create table account (id bigint primary key, balance bigint not null)");
  db.execute("insert into account values (1, 100), (2, 100)");
  return db;
}

std::int64_t number(database& db, const char* query) {
  return db.query_value<std::int64_t>(query).value_or(-1);
}
std::int64_t rows(database& db) { return number(db, "select count(*) from account"); }
std::int64_t first_balance(database& db) {
  return number(db, "select balance from account where id = 1");
}

void commits(trial& t) {
  auto db = with_accounts(t);
  const auto left = db.transaction([&](transaction& tx) {
    tx.execute(t("update account set balance = balance - #1 where id = #2"), 10, 1);
    return tx.query_value<std::int64_t>("select balance from account where id = 1").value();
  });
  t.demand(left == 90, "the block gave {} instead of 90", left);
  t.demand(first_balance(db) == 90, "what was committed is not there");
}

void exception_rolls_back(trial& t) {
  struct mine {
    int n;
  };
  auto db = with_accounts(t);
  int arrived = 0;
  try {
    db.transaction([](transaction& tx) {
      tx.execute("update account set balance = 0");
      throw mine{7};
    });
  } catch (const mine& m) {
    arrived = m.n;
  }
  t.demand(arrived == 7, "the exception did not arrive as it was");
  t.demand(first_balance(db) == 100, "the block was not undone");
}

void savepoints_nest(trial& t) {
  auto db = with_accounts(t);
  const auto add = [&](transaction& tx, int id) {
    tx.execute(t("insert into account values (#1, 1)"), id);
  };
  db.transaction([&](transaction& tx) {
    add(tx, 3);
    try {
      tx.savepoint([&](transaction& inner) {
        add(inner, 4);
        inner.savepoint([&](transaction& deep) { add(deep, 5); });
        throw std::runtime_error{"undo"};
      });
    } catch (const std::runtime_error&) {
    }
    tx.savepoint([&](transaction& inner) { add(inner, 6); });
  });
  const auto there = db.query<std::int64_t>("select id from account order by id");
  t.demand(there == std::vector<std::int64_t>{1, 2, 3, 6},
           "rows {} are there instead of 1, 2, 3, 6", fmt::join(there, ", "));
}

void error_in_a_savepoint(trial& t) {
  auto db = with_accounts(t);
  db.transaction([&](transaction& tx) {
    const auto refused = thrown_by([&] {
      tx.savepoint([](transaction& in) {
        in.execute("insert into account values (3, 1)");
        in.execute("insert into account values (1, 1)");
      });
    });
    t.demand(refused && refused->kind == category::constraint, "the savepoint did not fail");
    tx.execute("insert into account values (4, 1)");
  });
  t.demand(rows(db) == 3, "{} rows instead of 3: the savepoint undone, the block not", rows(db));
}

/// Engines differ in what an error does to its block. For all: what is told is what is there.
void swallowed_error(trial& t) {
  auto db = with_accounts(t);
  std::int64_t told = 2;
  const auto failed = thrown_by([&] {
    db.transaction([&](transaction& tx) {
      std::int64_t mine = 0;
      for (const char* text :
           {"insert into account values (3, 1)", "insert into account values (1, 1)",
            "insert into account values (4, 1)"})
        if (tx.try_execute(text)) ++mine;
      told = 2 + mine;
    });
  });
  const std::int64_t there = rows(db);
  t.demand(there == (failed ? 2 : told), "{} rows are there; the block {}, of {} rows", there,
           failed ? "failed" : "was told as committed", told);
}

void ended_by_its_text(trial& t) {
  auto db = with_accounts(t);
  const auto e = thrown_by([&] {
    db.transaction([](transaction& tx) {
      tx.execute("insert into account values (3, 1)");
      tx.execute("commit");
      tx.execute("insert into account values (4, 1)");
    });
  });
  t.demand(e && e->code == errc::implicit_commit, "a COMMIT in the text was not found out");
  t.demand(e && e->effect == side_effect::applied, "its effect is not told");
  t.demand(rows(db) == 3, "{} rows instead of 3", rows(db));
}

void one_user_at_a_time(trial& t) {
  auto db = with_accounts(t);
  db.transaction([&](transaction& tx) {
    std::atomic<bool> over = false;
    std::atomic<int> refused = 0;
    std::atomic<int> wrong = 0;
    const auto use = [&] {
      while (!over) {
        const auto r = tx.try_query_value<std::int64_t>("select count(*) from account");
        if (r)
          wrong += *r == 2 ? 0 : 1;
        else
          ++(r.error().code == errc::transaction_in_use ? refused : wrong);
      }
    };
    std::jthread first{use};
    std::jthread second{use};
    (void)soon([&] { return refused > 0; });
    over = true;
    first.join();
    second.join();
    t.demand(refused > 0, "two threads used one transaction and nobody was told");
    t.demand(wrong == 0, "{} other answers", wrong.load());
  });
}

void isolated_writers(trial& t) {
  auto db = with_accounts(t);
  const auto add_ten = [&] {
    for (int n = 0; n < 10; ++n)
      db.transaction({.isolation = isolation::serializable}, [&](transaction& tx) {
        const auto v =
            tx.query_value<std::int64_t>("select balance from account where id = 1").value();
        tx.execute(t("update account set balance = #1 where id = 1"), v + 1);
      });
  };
  std::atomic<int> failed = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back([&] { failed += thrown_by(add_ten) ? 1 : 0; });
  callers.clear();
  t.demand(failed == 0, "{} callers did not get through", failed.load());
  t.demand(first_balance(db) == 140, "{} instead of 140: writes of others were overwritten",
           first_balance(db));
}

/// Each takes the other's row second. The block runs again, and both get through.
void deadlock_runs_again(trial& t) {
  auto db = with_accounts(t);
  std::array<std::optional<error>, 2> failed;
  {
    std::array<std::atomic<bool>, 2> holds{};
    const auto transfer = [&](std::size_t from) {
      failed[from] = thrown_by([&] {
        db.transaction([&](transaction& tx) {
          tx.execute(t("update account set balance = balance - 1 where id = #1"), from + 1);
          holds[from] = true;
          (void)soon([&] { return holds[1 - from].load(); }, 1s);
          tx.execute(t("update account set balance = balance + 1 where id = #1"), 2 - from);
        });
      });
    };
    const std::jthread one{[&] { transfer(0); }};
    const std::jthread two{[&] { transfer(1); }};
  }
  for (const auto& e : failed) t.demand(!e, "a caller was told {}", e ? to_string(*e) : "");
  t.demand(db.status().retries > 0, "nobody was deadlocked");
  t.demand(number(db, "select sum(balance) from account") == 200, "money is missing");
}

constexpr std::array table{
    test_case{"transaction_commits", commits},
    test_case{"transaction_exception_rolls_back", exception_rolls_back},
    test_case{"transaction_savepoints_nest", savepoints_nest},
    test_case{"transaction_error_in_a_savepoint", error_in_a_savepoint},
    test_case{"transaction_swallowed_error", swallowed_error},
    test_case{"transaction_ended_by_its_text", ended_by_its_text},
    test_case{"transaction_one_user_at_a_time", one_user_at_a_time},
    test_case{"transaction_isolated_writers", isolated_writers},
    test_case{"transaction_deadlock_runs_again", deadlock_runs_again, need::row_locks},
};

} // namespace

std::span<const test_case> transaction_cases() noexcept { return table; }

} // namespace holdfast::conformance
