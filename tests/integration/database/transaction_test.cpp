#include "integration/database/engines.hpp"

#include <holdfast/exceptions.hpp>

#include <atomic>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

class transactions : public test::each_engine {
protected:
  void SetUp() override {
    each_engine::SetUp();
    db().execute("create table account(id bigint primary key, balance bigint)");
    db().execute("insert into account values (1, 100), (2, 100)");
  }
  long sum() { return db().query_value<long>("select sum(balance) from account").value(); }
  long rows() { return db().query_value<long>("select count(*) from account").value(); }
};

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

TEST_P(transactions, text_that_ends_the_transaction_is_found_out) {
  try {
    db().transaction([](transaction& tx) {
      tx.execute("insert into account values (3, 1)");
      tx.execute("commit");
      tx.execute("insert into account values (4, 1)");
    });
    FAIL();
  } catch (const database_error& e) {
    EXPECT_EQ(e.code(), errc::implicit_commit);
    EXPECT_EQ(e.effect(), side_effect::applied);
  }
  EXPECT_EQ(rows(), 3);
}

TEST_P(transactions, a_script_that_ends_the_transaction_leaves_doubt) {
  int runs = 0;
  try {
    db().transaction([&](transaction& tx) {
      ++runs;
      tx.script("insert into account values (3, 1); commit");
    });
    FAIL();
  } catch (const database_error& e) {
    EXPECT_EQ(e.code(), errc::implicit_commit);
    EXPECT_EQ(e.effect(), side_effect::unknown);
  }
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(rows(), 3);
}

// What was committed by then has the key; that is no proof that the block came to its end.
TEST_P(transactions, half_a_block_under_a_key_never_passes_for_the_whole) {
  const auto halved = [&] {
    db().transaction({.operation_key = "half"}, [](transaction& tx) {
      tx.execute("insert into account values (3, 1)");
      tx.execute("commit");
    });
  };
  for (int i = 0; i < 2; ++i) try {
      halved();
      ADD_FAILURE() << "told as done";
    } catch (const database_error& e) {
      EXPECT_EQ(e.code(), errc::implicit_commit);
      EXPECT_EQ(e.effect(), side_effect::applied);
    }
  EXPECT_EQ(rows(), 3);
}

TEST_P(transactions, a_transaction_that_was_exchanged_for_another_does_not_pass_for_it) {
  const auto exchanged = [&](const char* text) {
    try {
      db().transaction({.operation_key = "exchanged"}, [&](transaction& tx) {
        tx.execute("insert into account values (3, 1)");
        tx.script(text);
        tx.execute("insert into account values (4, 1)");
      });
      ADD_FAILURE() << text;
    } catch (const database_error& e) {
      EXPECT_EQ(e.code(), errc::implicit_commit);
      EXPECT_EQ(e.effect(), side_effect::unknown);
    }
  };
  exchanged("rollback; begin");
  EXPECT_EQ(rows(), 2);
}

TEST_P(transactions, and_chain_is_refused_before_it_is_sent) {
  db().transaction([](transaction& tx) {
    tx.execute("insert into account values (3, 1)");
    for (const char* text : {"commit and chain", " ROLLBACK AND CHAIN"}) {
      const auto refused = tx.try_execute(text);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, errc::invalid_statement);
    }
  });
  EXPECT_EQ(rows(), 3);
}

/// A result that cannot be stored.
struct unspeakable {
  int n = 0;
  friend void tag_invoke(const boost::json::value_from_tag&, boost::json::value&,
                         const unspeakable&) {
    throw std::runtime_error{"no words for it"};
  }
  friend unspeakable tag_invoke(const boost::json::value_to_tag<unspeakable>&,
                                const boost::json::value&) {
    return {};
  }
};

TEST_P(transactions, a_result_that_cannot_be_stored_undoes_the_block) {
  database_options o;
  o.pool.max_size = o.pool.min_size = 1;
  o.pool.reset = pool_options::reset_mode::never;
  auto small = connect(o);
  EXPECT_THROW(small.transaction({.operation_key = "unspeakable"},
                                 [](transaction& tx) {
                                   tx.execute("insert into account values (3, 1)");
                                   return unspeakable{};
                                 }),
               std::runtime_error);
  EXPECT_EQ(small.query_value<long>("select count(*) from account"), 2);
  EXPECT_EQ(small.execute("insert into account values (4, 1)"), 1U);
  EXPECT_EQ(rows(), 3);
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

TEST_P(transactions, a_key_makes_it_once) {
  const auto pay = [](transaction& tx) {
    tx.execute("update account set balance = balance - 10 where id = 1");
    return tx.query_value<long>("select balance from account where id = 1").value();
  };
  EXPECT_EQ(db().transaction({.operation_key = "pay-1"}, pay), 90);
  EXPECT_EQ(db().transaction({.operation_key = "pay-1"}, pay), 90); // the stored result
  EXPECT_EQ(sum(), 190);
  EXPECT_EQ(db().outcome_of("pay-1"), outcome::committed);
}

TEST_P(transactions, a_key_also_for_one_statement) {
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(db().with({.operation_key = "row-3"}).execute("insert into account values (3, 1)"),
              1U);
  EXPECT_EQ(rows(), 3);
}

TEST_P(transactions, another_payload_under_the_same_key_is_refused) {
  db().with({.operation_key = "row"}).execute("insert into account values ($1, 1)", 3);
  try {
    db().with({.operation_key = "row"}).execute("insert into account values ($1, 1)", 4);
    FAIL();
  } catch (const database_error& e) {
    EXPECT_EQ(e.code(), errc::operation_key_reused);
  }
  EXPECT_EQ(rows(), 3);
}

TEST_P(transactions, a_bulk_insert_under_a_key_is_made_once_and_compared_as_a_whole) {
  using rows_t = std::vector<std::tuple<int, int>>;
  const rows_t given{{3, 1}, {4, 1}};
  const auto insert = [&](std::initializer_list<std::string_view> columns, const rows_t& what) {
    return db().with({.operation_key = "bulk"}).try_insert_many("account", columns, what);
  };
  EXPECT_EQ(insert({"id", "balance"}, given).value(), 2U);
  EXPECT_EQ(insert({"id", "balance"}, given).value(), 2U);
  for (const auto& other :
       {insert({"id", "balance"}, {{3, 1}, {5, 1}}), insert({"id", "balance"}, {{3, 1}}),
        insert({"balance", "id"}, given)}) {
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, errc::operation_key_reused);
  }
  EXPECT_EQ(rows(), 4);
}

// What tells blocks apart must outlive a restart with another build: the name alone.
TEST_P(transactions, blocks_under_one_key_are_told_apart_by_their_names) {
  const auto add = [](transaction& tx) {
    tx.execute("update account set balance = balance + 1 where id = 1");
  };
  db().transaction({.operation_key = "block", .name = "add"}, add);
  db().transaction({.operation_key = "block", .name = "add"}, add); // from another line
  EXPECT_EQ(sum(), 201);
  for (const std::string_view name : {"other", ""}) try {
      db().transaction({.operation_key = "block", .name = name}, add);
      ADD_FAILURE() << name;
    } catch (const database_error& e) {
      EXPECT_EQ(e.code(), errc::operation_key_reused);
    }
  EXPECT_EQ(sum(), 201);
}

TEST_P(transactions, a_key_that_was_asked_about_can_never_commit_later) {
  EXPECT_EQ(db().outcome_of("late"), outcome::not_committed);
  EXPECT_THROW(db().transaction({.operation_key = "late"},
                                [](transaction& tx) { tx.execute("delete from account"); }),
               database_error);
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(db().outcome_of("late"), outcome::not_committed);
}

TEST_P(transactions, a_key_whose_row_was_deleted_is_unknown_however_often_one_asks) {
  const std::string token = "hf1.1000000000.gone"; // as of an operation long ago
  EXPECT_EQ(db().outcome_of("hf1.1000000000.never"), outcome::not_committed);
  db().with({.operation_key = "gone"}).execute("insert into account values (3, 1)");
  EXPECT_EQ(db().outcome_of(token), outcome::committed);
  db().execute("delete from holdfast_operation where fingerprint is not null");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(db().outcome_of(token), outcome::unknown) << i;
  EXPECT_EQ(db().outcome_of("hf1.1000000000.never"), outcome::not_committed); // was proven before
}

TEST_P(transactions, callers_with_one_key_at_once_apply_it_once) {
  std::vector<std::jthread> callers;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      const long v = db().transaction({.operation_key = "same"}, [](transaction& tx) {
        tx.execute("update account set balance = balance + 1 where id = 2");
        return tx.query_value<long>("select balance from account where id = 2").value();
      });
      if (v == 101) ++right;
    });
  callers.clear();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(sum(), 201);
}

TEST_P(transactions, bad_keys_are_refused_before_anything_is_sent) {
  const std::string long_key(201, 'k');
  for (const std::string& key : {long_key, std::string{"a\nb"}}) {
    auto r = db().with({.operation_key = key}).try_execute("delete from account");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, errc::invalid_configuration);
  }
  EXPECT_EQ(rows(), 2);
}

INSTANTIATE_TEST_SUITE_P(each, transactions, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
