// Texts that run or commit more than one statement, and fail behind a part that stands.
#include "integration/mysql/fixture.hpp"

namespace holdfast::drivers::mysql::tests {
namespace {

/// What a deadlock looks like.
constexpr auto deadlock = "signal sqlstate '40001' set mysql_errno = 1213, message_text = 'x'";

bool retried(const error& e) { return e.next != advice::give_up && e.next != advice::fix_request; }

class partial_work : public ::testing::Test {
protected:
  void SetUp() override { db.script("create table " + t + " (v int) engine = InnoDB").value(); }
  std::int64_t rows() { return std::get<std::int64_t>(other.one("select count(*) from " + t)); }
  std::string insert() const { return "insert into " + t + " values (1); "; }

  const std::string t = table_name();
  client db{settings_for(shared_server())};
  client other{settings_for(shared_server())};
};

TEST_F(partial_work, of_a_procedure_that_failed_is_not_known_undone) {
  db.script("create procedure p_" + t + "() begin " + insert() + deadlock + "; end").value();
  const auto called = db.execute("call p_" + t + "()");
  ASSERT_FALSE(called);
  EXPECT_EQ(called.error().code, errc::deadlock);
  EXPECT_EQ(called.error().effect, side_effect::unknown);
  EXPECT_EQ(called.error().next, advice::give_up);
  EXPECT_EQ(rows(), 1);
  const auto compound = db.execute("begin not atomic " + insert() + deadlock + "; end");
  ASSERT_FALSE(compound);
  EXPECT_EQ(compound.error().effect, side_effect::unknown);
  EXPECT_EQ(compound.error().next, advice::give_up);
  EXPECT_EQ(rows(), 2);
  const auto unknown = db.execute("call of_nobody()");
  ASSERT_FALSE(unknown);
  EXPECT_FALSE(retried(unknown.error()));
}

TEST_F(partial_work, of_a_block_that_a_failed_statement_committed_is_not_undone) {
  db.script("create table " + t + "_2 (v int)").value();
  ASSERT_TRUE(other.begin());
  other.query("select * from " + t + "_2"); // holds the table's definition
  ASSERT_TRUE(db.begin());
  db.execute(insert()).value();
  const auto altered = db.execute("alter table " + t + "_2 nowait add x int");
  ASSERT_TRUE(other.rollback());
  ASSERT_FALSE(altered);
  EXPECT_EQ(altered.error().code, errc::implicit_commit);
  EXPECT_EQ(altered.error().native_code, "1205");
  EXPECT_EQ(altered.error().effect, side_effect::unknown);
  EXPECT_FALSE(retried(altered.error())) << to_string(altered.error());
  EXPECT_FALSE(altered.error().transaction_usable);
  EXPECT_TRUE(altered.error().connection_usable);
  EXPECT_EQ(rows(), 1);
}

TEST_F(partial_work, of_a_script_that_committed_is_applied) {
  const auto ran =
      db.script("start transaction; " + insert() + "commit; start transaction; " + deadlock);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, errc::deadlock);
  EXPECT_EQ(ran.error().effect, side_effect::applied);
  EXPECT_FALSE(retried(ran.error()));
  EXPECT_EQ(rows(), 1);
}

TEST_F(partial_work, of_a_script_whose_block_was_perhaps_committed_is_unknown) {
  for (const auto& last :
       {"create table " + t + " (v int)", "start transaction; " + std::string{deadlock}}) {
    const auto ran = db.script("start transaction; " + insert() + last);
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().effect, side_effect::unknown) << last;
    EXPECT_FALSE(retried(ran.error())) << last;
    ASSERT_TRUE(db.reset());
  }
  EXPECT_EQ(rows(), 2);
  db.script("create procedure p_" + t + "() begin " + insert() + deadlock + "; end").value();
  const auto called = db.script("call p_" + t + "(); select 1");
  ASSERT_FALSE(called);
  EXPECT_EQ(called.error().effect, side_effect::unknown);
  EXPECT_FALSE(retried(called.error()));
}

TEST_F(partial_work, of_a_script_whose_block_was_left_is_none) {
  const auto ran =
      db.script("start transaction; " + insert() + "insert into nowhere values (1); commit");
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().effect, side_effect::none);
  ASSERT_TRUE(db.reset());
  EXPECT_EQ(rows(), 0);
}

TEST_F(partial_work, of_a_script_inside_a_block_is_known_by_its_words) {
  ASSERT_TRUE(db.begin());
  const auto committed = db.script(insert() + "commit; " + deadlock);
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().effect, side_effect::unknown);
  EXPECT_FALSE(retried(committed.error()));
  EXPECT_EQ(rows(), 1);
  ASSERT_TRUE(db.begin());
  const auto stands = db.script(insert() + "insert into nowhere values (1); commit");
  ASSERT_FALSE(stands);
  EXPECT_EQ(stands.error().effect, side_effect::none);
  EXPECT_TRUE(stands.error().transaction_usable);
  ASSERT_TRUE(db.rollback());
  EXPECT_EQ(rows(), 1);
}

TEST_F(partial_work, of_a_script_inside_a_block_whose_reply_was_lost) {
  const auto lost = [&](const std::string& sql) {
    client one{settings_for(shared_server())};
    EXPECT_TRUE(one.begin());
    const auto ran = run_inline(one.link().script(one.rt(), sql, one.in(200ms)));
    return ran ? side_effect::applied : ran.error().effect;
  };
  EXPECT_EQ(lost(insert() + "commit; do sleep(5)"), side_effect::unknown);
  EXPECT_EQ(lost("rollback; " + insert() + "do sleep(5)"), side_effect::unknown);
  EXPECT_EQ(lost(insert() + "do sleep(5)"), side_effect::none);
  EXPECT_EQ(rows(), 2);
}

/// The library tells nothing of an error behind a procedure's first result.
TEST_F(partial_work, of_a_procedure_whose_later_result_failed_is_not_known) {
  db.script("create procedure p_" + t +
            "() begin select 1; select (select i.seq from seq_1_to_2 i where i.seq <= o.seq) from "
            "seq_1_to_2 o; select 3; end")
      .value();
  const auto sql = "call p_" + t + "()";
  const auto expect_lost = [&](const error& e) {
    EXPECT_NE(e.native_code, "0");
    EXPECT_NE(e.code, errc::server_error);
    EXPECT_EQ(e.effect, side_effect::unknown);
    EXPECT_FALSE(e.connection_usable);
    EXPECT_FALSE(db.link().usable());
  };
  collected rows;
  const auto called = db.execute(sql, {}, &rows);
  ASSERT_FALSE(called);
  expect_lost(called.error());
  for (const bool in_block : {false, true}) {
    client one{settings_for(shared_server())};
    if (in_block) one.begin().value();
    statement what;
    what.sql = sql;
    auto opened = run_inline(one.link().open_rows(one.rt(), what, one.in(5s))).value();
    auto more = run_inline(opened->fetch(one.rt(), rows, one.in(5s)));
    while (more && *more) more = run_inline(opened->fetch(one.rt(), rows, one.in(5s)));
    ASSERT_FALSE(more);
    EXPECT_NE(more.error().native_code, "0");
    EXPECT_EQ(more.error().effect, side_effect::unknown);
    EXPECT_FALSE(one.link().usable());
  }
}

} // namespace
} // namespace holdfast::drivers::mysql::tests
