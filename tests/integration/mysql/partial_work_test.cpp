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

} // namespace
} // namespace holdfast::drivers::mysql::tests
