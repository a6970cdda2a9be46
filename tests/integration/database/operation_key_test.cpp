#include "integration/database/accounts.hpp"

#include <holdfast/exceptions.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace holdfast {
namespace {

class operation_keys : public test::accounts {};

TEST_P(operation_keys, a_key_makes_it_once) {
  const auto pay = [](transaction& tx) {
    tx.execute("update account set balance = balance - 10 where id = 1");
    return tx.query_value<long>("select balance from account where id = 1").value();
  };
  EXPECT_EQ(db().transaction({.operation_key = "pay-1"}, pay), 90);
  EXPECT_EQ(db().transaction({.operation_key = "pay-1"}, pay), 90); // the stored result
  EXPECT_EQ(sum(), 190);
  EXPECT_EQ(db().outcome_of("pay-1"), outcome::committed);
}

TEST_P(operation_keys, a_key_also_for_one_statement) {
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(db().with({.operation_key = "row-3"}).execute("insert into account values (3, 1)"),
              1U);
  EXPECT_EQ(rows(), 3);
}

TEST_P(operation_keys, another_payload_under_the_same_key_is_refused) {
  db().with({.operation_key = "row"}).execute("insert into account values ($1, 1)", 3);
  try {
    db().with({.operation_key = "row"}).execute("insert into account values ($1, 1)", 4);
    FAIL();
  } catch (const database_error& e) {
    EXPECT_EQ(e.code(), errc::operation_key_reused);
  }
  EXPECT_EQ(rows(), 3);
}

TEST_P(operation_keys, a_bulk_insert_under_a_key_is_made_once_and_compared_as_a_whole) {
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
TEST_P(operation_keys, blocks_under_one_key_are_told_apart_by_their_names) {
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

TEST_P(operation_keys, a_key_that_was_asked_about_can_never_commit_later) {
  EXPECT_EQ(db().outcome_of("late"), outcome::not_committed);
  EXPECT_THROW(db().transaction({.operation_key = "late"},
                                [](transaction& tx) { tx.execute("delete from account"); }),
               database_error);
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(db().outcome_of("late"), outcome::not_committed);
}

TEST_P(operation_keys, a_key_whose_row_was_deleted_is_unknown_however_often_one_asks) {
  const std::string token = "hf1.1000000000.gone"; // as of an operation long ago
  EXPECT_EQ(db().outcome_of("hf1.1000000000.never"), outcome::not_committed);
  db().with({.operation_key = "gone"}).execute("insert into account values (3, 1)");
  EXPECT_EQ(db().outcome_of(token), outcome::committed);
  db().execute("delete from holdfast_operation where fingerprint is not null");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(db().outcome_of(token), outcome::unknown) << i;
  EXPECT_EQ(db().outcome_of("hf1.1000000000.never"), outcome::not_committed); // was proven before
}

TEST_P(operation_keys, callers_with_one_key_at_once_apply_it_once) {
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

TEST_P(operation_keys, bad_keys_are_refused_before_anything_is_sent) {
  const std::string long_key(201, 'k');
  for (const std::string& key : {long_key, std::string{"a\nb"}}) {
    auto r = db().with({.operation_key = key}).try_execute("delete from account");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, errc::invalid_configuration);
  }
  EXPECT_EQ(rows(), 2);
}

INSTANTIATE_TEST_SUITE_P(each, operation_keys, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
