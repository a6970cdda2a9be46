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

} // namespace
} // namespace holdfast::drivers::mysql::tests
