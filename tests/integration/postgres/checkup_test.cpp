// The facts that a checkup brings home from a real server.
#include "drivers/postgres/checkup.hpp"
#include "integration/postgres/connect_fixture.hpp"

namespace holdfast::drivers::postgres::tests {
namespace {

std::chrono::system_clock::time_point an_hour_late() {
  return std::chrono::system_clock::now() - 1h;
}

server_facts facts_of(const settings& s, wall_clock now = std::chrono::system_clock::now) {
  thread_runtime rt;
  return run_inline(ask_for_facts(rt, s, now, deadline::after(rt.now(), 5s)));
}

TEST(postgres_checkup, the_servers_clock_is_compared_with_ours) {
  const server_facts same = facts_of(settings_for(shared_server()));
  ASSERT_TRUE(same.clocks);
  EXPECT_EQ(same.clocks->round_trips.size(), 5U);
  EXPECT_LT(std::chrono::abs(same.clocks->skew), 100ms);
  const server_facts late = facts_of(settings_for(shared_server()), an_hour_late);
  ASSERT_TRUE(late.clocks);
  EXPECT_LT(std::chrono::abs(late.clocks->skew - 1h), 100ms); // the server's is ahead
}

TEST(postgres_checkup, what_our_own_options_ask_for_is_not_the_servers_role) {
  auto s = settings_for(shared_server());
  s.engine.options = "-c default_transaction_read_only=on -c lock_timeout=3s";
  const server_facts f = facts_of(s);
  ASSERT_TRUE(f.settings);
  EXPECT_FALSE(f.settings->read_only);
  EXPECT_EQ(f.settings->lock_timeout, 3s); // but it is what our sessions get
  EXPECT_FALSE(f.settings->statement_timeout);

  client boss{settings_for(shared_server())};
  boss.execute("alter role postgres set default_transaction_read_only = on").value();
  const server_facts set = facts_of(settings_for(shared_server()));
  boss.execute("alter role postgres reset default_transaction_read_only").value();
  ASSERT_TRUE(set.settings);
  EXPECT_TRUE(set.settings->read_only);
}

TEST(postgres_checkup, goes_through_a_transaction_pooler) {
  auto s = settings_for(shared_server());
  s.engine.pooler = pooler_mode::transaction;
  const server_facts f = facts_of(s);
  EXPECT_FALSE(f.failure);
  EXPECT_TRUE(f.settings && f.usage && f.clocks && f.operation_table);
}

TEST(postgres_checkup, a_failed_login_tells_no_secret) {
  auto s = settings_for(locked_server());
  s.credentials = [] {
    return result<credential>{credential{"postgres", secret{std::string{canary} + "x"}}};
  };
  const server_facts f = facts_of(s);
  ASSERT_TRUE(f.failure);
  EXPECT_FALSE(f.entered);
  EXPECT_EQ(f.failure->code, errc::authentication_failed);
  const database_options standard;
  for (const finding& each : judge(f, {.options = standard}))
    EXPECT_EQ((each.found + each.fix).find(canary), std::string::npos);
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
