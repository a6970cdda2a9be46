#include "sqlite_fixture.hpp"

namespace holdfast::drivers::sqlite::testing {
namespace {

class sqlite_transaction : public sqlite_test {
protected:
  void SetUp() override {
    sqlite_test::SetUp();
    auto db = open();
    ASSERT_TRUE(db.script("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1)"));
  }
};

TEST_F(sqlite_transaction, commit_and_rollback) {
  auto db = open();
  auto other = open();
  EXPECT_EQ(db.it->in_transaction(), transaction_status::none);
  ASSERT_TRUE(db.begin());
  EXPECT_EQ(db.it->in_transaction(), transaction_status::open);
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (2)"));
  EXPECT_EQ(other.number("SELECT count(*) FROM t"), 1);
  ASSERT_TRUE(db.commit());
  EXPECT_EQ(other.number("SELECT count(*) FROM t"), 2);
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("DELETE FROM t"));
  ASSERT_TRUE(db.rollback());
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 2);
  EXPECT_TRUE(db.rollback()) << "nothing to do is no error";
  EXPECT_FALSE(db.it->dirty()) << "the library's own transactions leave nothing behind";
}

TEST_F(sqlite_transaction, savepoints_roll_back_alone_and_need_a_transaction) {
  auto db = open();
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.savepoint(1));
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (2)"));
  ASSERT_TRUE(db.rollback_to(1));
  ASSERT_TRUE(db.release(1));
  ASSERT_TRUE(db.savepoint(1));
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (3)"));
  ASSERT_TRUE(db.release(1));
  ASSERT_TRUE(db.commit());
  EXPECT_EQ(db.number("SELECT sum(a) FROM t"), 4);
  const auto alone = db.savepoint(1);
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, errc::transaction_failed);
  EXPECT_EQ(db.it->in_transaction(), transaction_status::none) << "it must not open one";
  EXPECT_FALSE(db.it->dirty());
}

TEST_F(sqlite_transaction, read_only_refuses_to_write_and_takes_no_lock) {
  auto writer = open();
  auto db = open();
  ASSERT_TRUE(writer.begin());
  ASSERT_TRUE(db.begin({.read_only = true}, 100ms));
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1);
  const auto refused = db.execute("DELETE FROM t");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::read_only_transaction);
  EXPECT_TRUE(refused.error().transaction_usable);
  EXPECT_EQ(db.script("DELETE FROM t").error().code, errc::read_only_transaction);
  ASSERT_TRUE(db.commit());
  ASSERT_TRUE(writer.rollback());
  EXPECT_TRUE(db.execute("DELETE FROM t")) << "the next statement is not read-only any more";
}

TEST_F(sqlite_transaction, statement_error_leaves_it_open_unless_sqlite_ended_it) {
  auto db = open();
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (2)"));
  auto r = db.execute("INSERT INTO t VALUES (2)");
  ASSERT_FALSE(r);
  EXPECT_TRUE(r.error().transaction_usable);
  r = db.execute("INSERT OR ROLLBACK INTO t VALUES (2)");
  ASSERT_FALSE(r);
  EXPECT_FALSE(r.error().transaction_usable);
  EXPECT_TRUE(r.error().connection_usable);
  EXPECT_EQ(db.it->in_transaction(), transaction_status::none);
  const auto late = db.commit();
  ASSERT_FALSE(late) << "a transaction that is gone must not look committed";
  EXPECT_EQ(late.error().effect, side_effect::none);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_transaction, deferred_foreign_key_fails_the_commit_and_nothing_stays) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id) "
                        "DEFERRABLE INITIALLY DEFERRED)"));
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("INSERT INTO c VALUES (7)"));
  const auto r = db.commit();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::foreign_key_violation);
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_FALSE(r.error().transaction_usable);
  EXPECT_EQ(db.it->in_transaction(), transaction_status::none);
  EXPECT_EQ(db.number("SELECT count(*) FROM c"), 0);
}

TEST_F(sqlite_transaction, users_own_begin_and_commit_are_seen) {
  auto db = open();
  ASSERT_TRUE(db.execute("BEGIN"));
  EXPECT_EQ(db.it->in_transaction(), transaction_status::open);
  EXPECT_TRUE(db.it->dirty());
  ASSERT_TRUE(db.execute("COMMIT"));
  EXPECT_EQ(db.it->in_transaction(), transaction_status::none);
  EXPECT_TRUE(db.it->dirty());
  ASSERT_TRUE(db.reset());
  EXPECT_FALSE(db.it->dirty());
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (5)"));
  ASSERT_TRUE(db.execute("COMMIT"));
  const auto r = db.commit();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::transaction_finished);
  EXPECT_EQ(r.error().effect, side_effect::applied) << "the user's COMMIT did commit";
}

TEST_F(sqlite_transaction, write_on_an_old_view_is_a_stale_snapshot) {
  auto db = open();
  auto other = open();
  ASSERT_TRUE(db.execute("BEGIN"));
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1);
  ASSERT_TRUE(other.execute("INSERT INTO t VALUES (2)"));
  const auto start = std::chrono::steady_clock::now();
  const auto r = db.execute("INSERT INTO t VALUES (3)");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::stale_snapshot);
  EXPECT_EQ(r.error().native_code, "517");
  EXPECT_EQ(r.error().next, advice::retry_transaction);
  EXPECT_FALSE(r.error().transaction_usable);
  EXPECT_TRUE(r.error().connection_usable);
  EXPECT_LT(since(start), 1s) << "waiting cannot help";
  ASSERT_TRUE(db.rollback());
}

TEST_F(sqlite_transaction, isolation_levels_are_all_met) {
  auto db = open();
  for (const auto level :
       {isolation::read_committed, isolation::repeatable_read, isolation::serializable}) {
    ASSERT_TRUE(db.begin({.isolation = level, .deferrable = true}));
    ASSERT_TRUE(db.commit());
  }
}

class sqlite_operation_table : public sqlite_test {};

TEST_F(sqlite_operation_table, keys_tombstones_and_the_low_water_mark) {
  auto db = open();
  const auto& sql = driver_->operation_table();
  EXPECT_TRUE(db.query(sql.exists).rows.empty());
  ASSERT_TRUE(db.script(sql.create));
  ASSERT_TRUE(db.script(sql.create)) << "idempotent";
  EXPECT_EQ(db.query(sql.exists).rows.size(), 1U);
  EXPECT_FALSE(db.it->dirty());

  ASSERT_TRUE(db.execute(sql.insert_key, {std::string{"k1"}, std::string{"print"}}));
  const auto twice = db.execute(sql.insert_key, {std::string{"k1"}, std::string{"print"}});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().native_code, sql.insert_conflict);
  EXPECT_EQ(twice.error().constraint, sql.key_constraint);
  ASSERT_TRUE(db.execute(sql.store_result, {std::string{"42"}, std::string{"k1"}}));
  ASSERT_TRUE(db.execute(sql.insert_tombstone, {std::string{"k2"}}));
  EXPECT_EQ(db.execute(sql.insert_tombstone, {std::string{"k1"}}).error().native_code,
            sql.insert_conflict);

  auto row = db.query(sql.read_key, {std::string{"k1"}}).rows.at(0);
  EXPECT_EQ(std::get<std::string>(row[0]), "print");
  EXPECT_EQ(std::get<std::string>(row[1]), "42");
  EXPECT_EQ(std::get<std::int64_t>(row[2]), 0);
  row = db.query(sql.read_key, {std::string{"k2"}}).rows.at(0);
  EXPECT_EQ(row[0].type(), value_type::null);
  EXPECT_EQ(std::get<std::int64_t>(row[2]), 1);

  EXPECT_TRUE(db.query(sql.low_water).rows.empty());
  const std::int64_t most = 1000;
  EXPECT_EQ(db.execute(sql.prune, {std::int64_t{100}, most})->rows_affected, 0U);
  EXPECT_TRUE(db.query(sql.low_water).rows.empty()) << "nothing left, so nothing to doubt";
  ASSERT_TRUE(db.execute("UPDATE holdfast_operation SET created_at = created_at - 1000 "
                         "WHERE key = 'k1'"));
  const auto born = db.number("SELECT created_at FROM holdfast_operation WHERE key = 'k1'");
  EXPECT_EQ(db.execute(sql.prune, {std::int64_t{100}, most})->rows_affected, 1U);
  EXPECT_TRUE(db.query(sql.read_key, {std::string{"k1"}}).rows.empty());
  EXPECT_EQ(db.number(sql.low_water), born + 1);
  EXPECT_EQ(db.query(sql.read_key, {std::string{"k2"}}).rows.size(), 1U);
}

TEST_F(sqlite_operation_table, the_oldest_go_first_and_no_more_than_asked) {
  auto db = open();
  const auto& sql = driver_->operation_table();
  ASSERT_TRUE(db.script(sql.create));
  ASSERT_TRUE(
      db.execute("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10) "
                 "INSERT INTO holdfast_operation(key, created_at) SELECT 'k' || n, unixepoch() - n "
                 "* 3600 FROM n"));
  const std::int64_t six_hours = 6 * 3600 - 60;
  EXPECT_EQ(db.execute(sql.prune, {six_hours, std::int64_t{3}})->rows_affected, 3U);
  EXPECT_EQ(db.number("SELECT count(*) FROM holdfast_operation"), 7);
  EXPECT_EQ(db.number("SELECT max(CAST(substr(key, 2) AS INTEGER)) FROM holdfast_operation"), 7);
  EXPECT_EQ(db.execute(sql.prune, {six_hours, std::int64_t{1000}})->rows_affected, 2U);
  EXPECT_EQ(db.number("SELECT count(*) FROM holdfast_operation"), 5);
}

} // namespace
} // namespace holdfast::drivers::sqlite::testing
