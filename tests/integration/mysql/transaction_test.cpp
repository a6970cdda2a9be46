#include "integration/mysql/fixture.hpp"

#include <thread>

namespace holdfast::drivers::mysql::tests {
namespace {

class transactions : public ::testing::Test {
protected:
  void SetUp() override {
    db.execute("create or replace table " + t + " (id int primary key, v int) engine = InnoDB")
        .value();
    db.execute("insert into " + t + " values (1, 0), (2, 0)").value();
  }
  std::int64_t value_of(client& c, int id) {
    return std::get<std::int64_t>(
        c.one("select v from " + t + " where id = ?", {value{std::int64_t{id}}}));
  }

  const std::string t = table_name();
  client db{settings_for(shared_server())};
  client other{settings_for(shared_server())};
};

TEST_F(transactions, commit_keeps_and_rollback_undoes) {
  ASSERT_TRUE(db.begin());
  EXPECT_EQ(db.link().in_transaction(), transaction_status::open);
  db.execute("update " + t + " set v = 1 where id = 1").value();
  ASSERT_TRUE(db.commit());
  EXPECT_EQ(db.link().in_transaction(), transaction_status::none);
  ASSERT_TRUE(db.begin());
  db.execute("update " + t + " set v = 2 where id = 1").value();
  ASSERT_TRUE(db.rollback());
  EXPECT_EQ(value_of(other, 1), 1);
}

TEST_F(transactions, have_the_isolation_that_was_asked_for_and_the_next_one_has_not) {
  const auto level = [&] {
    return std::get<std::string>(db.one("select trx_isolation_level from "
                                        "information_schema.innodb_trx where trx_mysql_thread_id = "
                                        "connection_id()"));
  };
  const auto t_read = "select * from " + t;
  for (const auto& [how, said] : {std::pair{isolation::read_committed, "READ COMMITTED"},
                                  {isolation::serializable, "SERIALIZABLE"},
                                  {isolation::engine_default, "REPEATABLE READ"}}) {
    ASSERT_TRUE(db.begin({.isolation = how}));
    db.query(t_read);
    std::this_thread::sleep_for(200ms); // that view is renewed ten times a second
    EXPECT_EQ(level(), said);
    ASSERT_TRUE(db.rollback());
  }
}

TEST_F(transactions, read_only_ones_refuse_to_write_and_that_is_no_failover) {
  ASSERT_TRUE(db.begin({.read_only = true}));
  const auto wrote = db.execute("update " + t + " set v = 1");
  ASSERT_FALSE(wrote);
  EXPECT_EQ(wrote.error().code, errc::read_only_transaction);
  EXPECT_TRUE(wrote.error().connection_usable);
  ASSERT_TRUE(db.rollback());
  EXPECT_TRUE(db.execute("update " + t + " set v = 1"));
}

TEST_F(transactions, a_savepoint_undoes_its_part) {
  auto& link = db.link();
  ASSERT_TRUE(db.begin());
  db.execute("update " + t + " set v = 1 where id = 1").value();
  ASSERT_TRUE(run_inline(link.savepoint(db.rt(), 1, db.in(5s))));
  db.execute("update " + t + " set v = 2 where id = 2").value();
  ASSERT_TRUE(run_inline(link.rollback_to_savepoint(db.rt(), 1, db.in(5s))));
  ASSERT_TRUE(run_inline(link.release_savepoint(db.rt(), 1, db.in(5s))));
  ASSERT_TRUE(db.commit());
  EXPECT_EQ(value_of(other, 1), 1);
  EXPECT_EQ(value_of(other, 2), 0);
}

TEST_F(transactions, an_error_of_a_statement_leaves_its_transaction_standing) {
  ASSERT_TRUE(db.begin());
  db.execute("update " + t + " set v = 1 where id = 1").value();
  const auto twice = db.execute("insert into " + t + " values (1, 1)");
  ASSERT_FALSE(twice);
  EXPECT_TRUE(twice.error().transaction_usable);
  EXPECT_EQ(db.link().in_transaction(), transaction_status::open);
  ASSERT_TRUE(db.commit());
  EXPECT_EQ(value_of(other, 1), 1);
}

/// Both wait for each other; one is told 1213.
TEST_F(transactions, a_deadlock_takes_the_whole_transaction) {
  ASSERT_TRUE(db.begin());
  ASSERT_TRUE(other.begin());
  db.execute("update " + t + " set v = 1 where id = 1").value();
  other.execute("update " + t + " set v = 2 where id = 2").value();
  result<statement_result> second = statement_result{};
  std::thread waits{[&] { second = other.execute("update " + t + " set v = 2 where id = 1"); }};
  std::this_thread::sleep_for(100ms);
  const auto first = db.execute("update " + t + " set v = 1 where id = 2");
  waits.join();
  ASSERT_NE(first.has_value(), second.has_value());
  client& loser = first ? other : db;
  const error& e = first ? second.error() : first.error();
  EXPECT_EQ(e.code, errc::deadlock);
  EXPECT_EQ(e.next, advice::retry_transaction);
  EXPECT_EQ(e.effect, side_effect::none);
  EXPECT_FALSE(e.transaction_usable);
  EXPECT_TRUE(e.connection_usable);
  EXPECT_EQ(loser.link().in_transaction(), transaction_status::none);
}

TEST_F(transactions, a_lock_wait_timeout_takes_the_statement_alone) {
  ASSERT_TRUE(db.begin());
  db.execute("update " + t + " set v = 1 where id = 1").value();
  other.execute("set innodb_lock_wait_timeout = 1").value();
  ASSERT_TRUE(other.begin());
  other.execute("update " + t + " set v = 2 where id = 2").value();
  const auto waited = other.execute("update " + t + " set v = 2 where id = 1");
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, errc::lock_not_available);
  EXPECT_TRUE(waited.error().transaction_usable);
  EXPECT_EQ(waited.error().next, advice::retry_statement);
  EXPECT_EQ(other.link().in_transaction(), transaction_status::open);
  ASSERT_TRUE(db.rollback());
  ASSERT_TRUE(other.commit());
  EXPECT_EQ(value_of(db, 2), 2);
}

TEST_F(transactions, a_lock_wait_timeout_takes_all_where_the_server_is_set_so) {
  testing::mariadb_server strict{{.fsync = false, .settings = {"innodb_rollback_on_timeout = 1"}}};
  strict.start();
  strict.wait_ready();
  client a{settings_for(strict)};
  client b{settings_for(strict)};
  a.execute("create table x (id int primary key, v int)").value();
  a.execute("insert into x values (1, 0), (2, 0)").value();
  ASSERT_TRUE(a.begin());
  a.execute("update x set v = 1 where id = 1").value();
  b.execute("set innodb_lock_wait_timeout = 1").value();
  ASSERT_TRUE(b.begin());
  b.execute("update x set v = 2 where id = 2").value();
  const auto waited = b.execute("update x set v = 2 where id = 1");
  ASSERT_FALSE(waited);
  EXPECT_FALSE(waited.error().transaction_usable);
  EXPECT_EQ(waited.error().next, advice::retry_transaction);
  EXPECT_EQ(b.link().in_transaction(), transaction_status::none);
}

TEST_F(transactions, ddl_that_commits_by_the_way_is_seen) {
  ASSERT_TRUE(db.begin());
  db.execute("update " + t + " set v = 1 where id = 1").value();
  db.execute("create or replace table " + t + "_2 (id int)").value();
  EXPECT_EQ(db.link().in_transaction(), transaction_status::none);
  const auto committed = db.commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, errc::transaction_finished);
}

TEST_F(transactions, a_script_that_fails_says_whether_something_of_it_stays) {
  const auto some = db.script("update " + t + " set v = 5; insert into nowhere values (1)");
  ASSERT_FALSE(some);
  EXPECT_EQ(some.error().effect, side_effect::applied);
  EXPECT_EQ(value_of(other, 1), 5);
  const auto none = db.script("insert into nowhere values (1); update " + t + " set v = 6");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().effect, side_effect::none);
  EXPECT_EQ(value_of(other, 1), 5);
}

TEST_F(transactions, statements_that_no_server_prepares_run_as_text) {
  db.execute("begin").value();
  EXPECT_EQ(db.link().in_transaction(), transaction_status::open);
  ASSERT_TRUE(db.rollback());
  db.execute("lock tables " + t + " read").value();
  db.execute("unlock tables").value();
}

TEST_F(transactions, a_killed_session_says_what_became_of_its_block) {
  ASSERT_TRUE(db.begin());
  db.execute("update " + t + " set v = 1 where id = 1").value();
  shared_server().ask("kill connection " + std::to_string(db.session()));
  const auto next = db.execute("update " + t + " set v = 2 where id = 1");
  ASSERT_FALSE(next);
  EXPECT_FALSE(next.error().connection_usable);
  EXPECT_EQ(next.error().effect, side_effect::none);
  EXPECT_EQ(value_of(other, 1), 0);
}

TEST_F(transactions, a_reset_leaves_nothing_of_the_session) {
  db.execute("set @mine = 1").value();
  db.execute("set session sql_mode = 'ANSI'").value();
  db.execute("create temporary table mine (id int)").value();
  db.execute("select get_lock('mine', 0)").value();
  ASSERT_TRUE(db.begin());
  db.execute("update " + t + " set v = 1 where id = 1").value();
  EXPECT_TRUE(db.link().dirty());
  ASSERT_TRUE(db.reset());
  EXPECT_FALSE(db.link().dirty());
  EXPECT_EQ(db.one("select @mine").type(), value_type::null);
  EXPECT_FALSE(db.execute("select * from mine"));
  EXPECT_EQ(std::get<std::string>(db.one("select @@collation_connection")).rfind("utf8mb4", 0), 0U);
  EXPECT_EQ(std::get<std::string>(db.one("select @@time_zone")), "+00:00");
  EXPECT_EQ(std::get<std::int64_t>(other.one("select is_free_lock('mine')")), 1);
  EXPECT_EQ(value_of(other, 1), 0);
}

TEST_F(transactions, a_reset_leaves_the_database_that_was_chosen_since) {
  db.execute("use information_schema").value();
  ASSERT_TRUE(db.reset());
  EXPECT_EQ(std::get<std::string>(db.one("select database()")), "app");
}

} // namespace
} // namespace holdfast::drivers::mysql::tests
