// Operation keys: a write that happens once, and the answer to what became of it.
#include "conformance/suite.hpp"

#include <array>
#include <atomic>
#include <thread>

namespace holdfast::conformance {

namespace {

void makes_it_once(trial& t) {
  const till book{t};
  auto db = t.open();
  for (int i = 0; i < 3; ++i) {
    const auto affected = book.put(db.with({.operation_key = "k"}), 1);
    t.demand(affected && *affected == 1, "repetition {} did not give the first result", i);
  }
  t.demand(book.times(db, 1) == 1, "it was made {} times", book.times(db, 1));
  t.demand(db.outcome_of("k") == outcome::committed, "the key says otherwise");
}

void gives_the_stored_result(trial& t) {
  const till book{t};
  auto db = t.open();
  int runs = 0;
  const auto pay = [&](transaction& tx) {
    book.put(tx, 1).value();
    return std::string{"receipt "} + std::to_string(++runs);
  };
  for (int i = 0; i < 2; ++i) {
    const std::string gave = db.transaction({.operation_key = "pay", .name = "pay"}, pay);
    t.demand(gave == "receipt 1", "repetition {} gave {}", i, gave);
  }
  t.demand(book.times(db, 1) == 1, "it was made {} times", book.times(db, 1));
}

void another_payload(trial& t) {
  const till book{t};
  auto db = t.open();
  book.put(db.with({.operation_key = "k"}), 1).value();
  t.demand_error(book.put(db.with({.operation_key = "k"}), 2), errc::operation_key_reused,
                 category::request);
  t.demand(book.all(db).size() == 1, "something else was written under the same key");
}

void not_committed_is_settled(trial& t) {
  const till book{t};
  auto db = t.open();
  t.demand(db.outcome_of("late") == outcome::not_committed, "what never ran is told as committed");
  const auto r = book.put(db.with({.operation_key = "late"}), 1);
  t.demand(!r, "a key that was told as not committed has committed");
  t.demand(book.times(db, 1) == 0, "its write is there");
  t.demand(db.outcome_of("late") == outcome::not_committed, "the answer has changed");
}

void many_callers_with_one_key(trial& t) {
  const till book{t};
  auto db = t.open();
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      const auto r = book.put(db.with({.operation_key = "same"}), 1);
      wrong += r && *r == 1 ? 0 : 1;
    });
  callers.clear();
  t.demand(wrong == 0, "{} callers did not get the result", wrong.load());
  t.demand(book.times(db, 1) == 1, "it was made {} times", book.times(db, 1));
}

/// A key whose block failed has not been used.
void a_failed_block(trial& t) {
  const till book{t};
  auto db = t.open();
  const auto attempt = [&](bool fails) {
    db.transaction({.operation_key = "again", .name = "again"}, [&](transaction& tx) {
      book.put(tx, 1).value();
      if (fails) throw std::runtime_error{"not yet"};
    });
  };
  bool thrown = false;
  try {
    attempt(true);
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  t.demand(thrown && book.times(db, 1) == 0, "a failed block left something behind");
  attempt(false);
  t.demand(book.times(db, 1) == 1, "it is there {} times", book.times(db, 1));
}

void bulk(trial& t) {
  auto db = t.open();
  const till book{t};
  const std::vector<std::int64_t> rows{1, 2, 3};
  const auto put = [&](const std::vector<std::int64_t>& what) {
    return db.with({.operation_key = "bulk"}).try_insert_many("entry", {"id"}, what);
  };
  for (int i = 0; i < 2; ++i) {
    const auto r = put(rows);
    t.demand(r && *r == 3, "repetition {} did not give the first result", i);
  }
  t.demand_error(put({1, 2, 4}), errc::operation_key_reused, category::request);
  t.demand(book.all(db) == rows, "rows {} are there", fmt::join(book.all(db), ", "));
}

void bad_keys(trial& t) {
  const till book{t};
  auto db = t.open();
  const std::string too_long(201, 'k');
  for (const std::string_view key : {std::string_view{too_long}, std::string_view{"a\nb"}})
    t.demand_error(book.put(db.with({.operation_key = key}), 1), errc::invalid_configuration,
                   category::configuration);
  t.demand(book.all(db).empty(), "it was written");
}

constexpr std::array table{
    test_case{"key_makes_it_once", makes_it_once},
    test_case{"key_gives_the_stored_result", gives_the_stored_result},
    test_case{"key_with_another_payload", another_payload},
    test_case{"key_not_committed_is_settled", not_committed_is_settled},
    test_case{"key_of_many_callers", many_callers_with_one_key},
    test_case{"key_of_a_failed_block", a_failed_block},
    test_case{"key_of_a_bulk_insert", bulk},
    test_case{"key_bad", bad_keys},
};

} // namespace

std::span<const test_case> key_cases() noexcept { return table; }

} // namespace holdfast::conformance
