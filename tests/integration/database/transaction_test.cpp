#include "integration/database/accounts.hpp"

#include <holdfast/exceptions.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

class transactions : public test::accounts {};

TEST_P(transactions, commits_and_gives_the_result) {
  const long left = db().transaction([](transaction& tx) {
    tx.execute("update account set balance = balance - $1 where id = $2", 10, 1);
    return tx.query_value<long>("select balance from account where id = 1").value();
  });
  EXPECT_EQ(left, 90);
  EXPECT_EQ(sum(), 190);
}

TEST_P(transactions, an_exception_rolls_back_and_arrives_as_it_was) {
  struct mine {
    int n;
  };
  try {
    db().transaction([](transaction& tx) {
      tx.execute("update account set balance = 0");
      throw mine{7};
    });
    FAIL();
  } catch (const mine& m) {
    EXPECT_EQ(m.n, 7);
  }
  EXPECT_EQ(sum(), 200);
}

TEST_P(transactions, a_savepoint_rolls_back_alone_and_nests) {
  db().transaction([](transaction& tx) {
    tx.execute("insert into account values (3, 1)");
    try {
      tx.savepoint([](transaction& inner) {
        inner.execute("insert into account values (4, 1)");
        inner.savepoint(
            [](transaction& deep) { deep.execute("insert into account values (5, 1)"); });
        throw std::runtime_error{"undo"};
      });
    } catch (const std::runtime_error&) {
    }
    tx.savepoint([](transaction& inner) { inner.execute("insert into account values (6, 1)"); });
  });
  EXPECT_EQ(rows(), 4); // 1, 2, 3, 6
}

TEST_P(transactions, a_constraint_in_a_savepoint_leaves_the_rest_alive) {
  db().transaction([](transaction& tx) {
    tx.execute("insert into account values (3, 1)");
    EXPECT_THROW(
        tx.savepoint([](transaction& in) { in.execute("insert into account values (1, 1)"); }),
        constraint_error);
    tx.execute("insert into account values (4, 1)");
  });
  EXPECT_EQ(rows(), 4);
}

// PostgreSQL fails the whole block; a savepoint whose error the callable hid is undone and says so.
TEST_P(transactions, an_error_swallowed_in_a_savepoint_is_told) {
  if (!is_postgres()) return; // a constraint error undoes only its statement in SQLite
  EXPECT_THROW(db().transaction([](transaction& tx) {
    tx.savepoint([](transaction& in) {
      in.execute("insert into account values (7, 1)");
      (void)in.try_execute("insert into account values (1, 1)");
    });
  }),
               constraint_error);
  EXPECT_EQ(rows(), 2);
}

TEST_P(transactions, a_swallowed_error_never_ends_in_a_claimed_commit) {
  // The error that ends the block: any on PostgreSQL, an interrupt on SQLite.
  const auto fail_block = [this](transaction& tx) {
    if (is_postgres()) return tx.try_execute("insert into account values (1, 1)");
    return tx.try_execute("with recursive c(x) as (select 1 union all select x + 1 from c) insert "
                          "into account select x + 1000, 0 from c");
  };
  std::optional<error> later;
  bool committed = true;
  try {
    db().transaction({.deadline = 300ms}, [&](transaction& tx) {
      tx.execute("insert into account values (3, 1)");
      EXPECT_FALSE(fail_block(tx));
      auto next = tx.try_execute("insert into account values (4, 1)");
      if (!next) later = next.error();
    });
  } catch (const database_error&) {
    committed = false;
  }
  EXPECT_FALSE(committed);
  ASSERT_TRUE(later); // the first error again, and nothing was sent
  EXPECT_EQ(rows(), 2);
}

TEST_P(transactions, the_handle_is_dead_after_its_callable_and_in_use_by_one) {
  db().transaction([](transaction& tx) {
    tx.execute("insert into account values (3, 1)");
    std::atomic<bool> ended = false;
    std::jthread slow{[&] {
      result<std::optional<long>> r{std::optional<long>{}};
      do // the other thread may be in it
        r = tx.try_query_value<long>("with recursive c(x) as (select 1 union all select x + 1 from "
                                     "c where x < 1000000) select count(*) from c");
      while (!r && r.error().code == errc::transaction_in_use);
      EXPECT_TRUE(r.has_value());
      ended = true;
    }};
    int refused = 0;
    while (!ended) {
      auto r = tx.try_query_value<long>("select 1");
      if (r) std::this_thread::sleep_for(1ms); // or the other may never find the handle free
      if (r || ended) continue;
      EXPECT_EQ(r.error().code, errc::transaction_in_use);
      ++refused;
    }
    slow.join();
    EXPECT_GT(refused, 0);
  });
  EXPECT_EQ(rows(), 3);
}

TEST_P(transactions, writers_that_collide_all_get_through) {
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([this] {
      for (int n = 0; n < 10; ++n)
        db().transaction({.isolation = isolation::serializable}, [](transaction& tx) {
          const long v = tx.query_value<long>("select balance from account where id = 1").value();
          tx.execute("update account set balance = $1 where id = 1", v + 1);
        });
    });
  callers.clear();
  EXPECT_EQ(sum(), 280);
}

TEST_P(transactions, a_deadlock_runs_the_block_again) {
  std::vector<std::jthread> callers;
  for (int i = 0; i < 2; ++i)
    callers.emplace_back([this, i] {
      for (int n = 0; n < 5; ++n)
        db().transaction([&](transaction& tx) {
          tx.execute("update account set balance = balance + 1 where id = $1", 1 + i);
          std::this_thread::sleep_for(20ms);
          tx.execute("update account set balance = balance - 1 where id = $1", 2 - i);
        });
    });
  callers.clear();
  EXPECT_EQ(sum(), 200);
  if (is_postgres()) {
    EXPECT_GT(db().status().retries, 0U);
  }
}

TEST_P(transactions, read_only_refuses_to_write) {
  EXPECT_THROW(db().transaction({.read_only = true},
                                [](transaction& tx) { tx.execute("delete from account"); }),
               database_error);
  EXPECT_EQ(rows(), 2);
}

INSTANTIATE_TEST_SUITE_P(each, transactions, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
