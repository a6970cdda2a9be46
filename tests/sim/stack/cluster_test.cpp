// Several hosts of which one takes writes: who is written to, who is read from, and what callers
// notice when that changes.
#include "database/transaction_core.hpp"
#include "sim/stack/cluster.hpp"

#include <gtest/gtest.h>

namespace holdfast::testing {
namespace {

struct stack_cluster : ::testing::Test, cluster {
  void SetUp() override { ASSERT_TRUE(loop->run(db->open(*loop))); }
  void TearDown() override { close(); }
};

TEST_F(stack_cluster, writes_go_to_the_primary_wherever_it_stands_in_the_url) {
  write_all(20);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(b->marks.size(), 20U);
  const auto s = db->status();
  EXPECT_EQ(s.hosts[0].role, host_role::replica);
  EXPECT_EQ(s.hosts[1].role, host_role::primary);
  EXPECT_TRUE(s.hosts[1].writer);
  EXPECT_TRUE(a->refused.empty()) << "a replica was asked to write";
}

TEST_F(stack_cluster, after_the_primary_died_writes_go_on_as_soon_as_another_takes_them) {
  for (int i = 0; i < 64; ++i) write_for(6s);
  world.run_for(1s);
  b->stop();
  world.run_for(3s);
  const int before = written;
  a->promote(*b);
  EXPECT_TRUE(world.run_until([&] { return written > before; }, 250ms)) << "nobody wrote in time";
  world.run_for(10s);
  EXPECT_EQ(active, 0);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(lost(*a), 0) << "acknowledged by a primary that replicates first, and not there";
  EXPECT_TRUE(db->status().hosts[0].writer);
}

TEST_F(stack_cluster, a_demoted_primary_sees_one_write_a_connection_and_no_call_fails) {
  for (int i = 0; i < 64; ++i) write_for(4s);
  world.run_for(1s);
  b->role = host_role::read_only; // its sessions live on
  world.run_for(500ms);
  a->promote(*b);
  world.run_for(10s);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(lost(*a), 0);
  for (const auto& [session, times] : b->refused) EXPECT_EQ(times, 1) << "session " << session;
  EXPECT_LE(b->refused.size(), options.pool.max_size + 2U) << "it was tried again and again";
}

TEST_F(stack_cluster, a_primary_that_does_not_know_of_its_successor_loses_its_writers) {
  for (int i = 0; i < 8; ++i) write_for(4s);
  world.run_for(1s);
  b->followers.clear(); // cut off, and still a primary by its own word
  a->promote(*b);
  world.run_for(1s); // two looks
  EXPECT_TRUE(db->status().hosts[0].writer);
  const auto there = b->marks.size();
  world.run_for(10s);
  EXPECT_EQ(b->marks.size(), there) << "it was written to after its successor was known";
}

/// Holds its connection for a while, and writes at the end.
class slow_write final : public detail::block {
public:
  explicit slow_write(sim_runtime& rt) : rt_{rt} {}
  task<void> run(detail::transaction_core& tx) override {
    (void)co_await rt_.sleep_until(rt_.now() + 3s);
    const auto parameters = to_parameters(std::string{"slow"});
    const statement what{"INSERT MARK", parameters};
    auto done = co_await tx.execute(what, nullptr);
    done.value();
  }
  std::string result_text() const override { return "null"; }
  bool restore(std::string_view) override { return true; }

private:
  sim_runtime& rt_;
};

task<void> write_slowly(cluster& c, sim_runtime& rt) {
  ++c.active;
  slow_write body{rt};
  const transaction_options how{.name = "slow"};
  const auto end = co_await c.db->transact(rt, how, std::source_location::current(), body);
  EXPECT_TRUE(end.outcome);
  --c.active;
}

TEST_F(stack_cluster, a_transaction_under_way_on_a_superseded_primary_runs_again_on_its_successor) {
  runtimes.emplace_back(world);
  runtimes.back().spawn(write_slowly(*this, runtimes.back()));
  world.run_for(500ms);
  ASSERT_EQ(active, 1);
  b->followers.clear();
  a->promote(*b);
  world.run_for(10s);
  EXPECT_EQ(active, 0);
  EXPECT_EQ(a->marks["slow"], 1);
  EXPECT_TRUE(b->marks.empty()) << "acknowledged where it gets lost";
}

TEST_F(stack_cluster, who_was_superseded_is_not_written_to_again_unless_reset_says_so) {
  b->stop();
  a->promote(*b);
  world.run_for(1s);
  b->start(); // back as what it was
  write_all(5);
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(b->marks.empty());
  a->stop();
  world.run_for(1s);
  patience = 500ms;
  write_all(1);
  EXPECT_EQ(failed, 1);
  EXPECT_NE(db->status().hosts[1].role, host_role::replica);
  EXPECT_TRUE(b->marks.empty()) << "what is written there gets lost";
  db->reset();
  write_all(1);
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(b->marks.size(), 1U);
}

TEST_F(stack_cluster, while_nobody_takes_writes_callers_wait_or_are_told_each_hosts_state) {
  b->role = host_role::replica;
  patience = 2s;
  const time_point began = world.now();
  write_all(1);
  EXPECT_EQ(failed, 1);
  EXPECT_GE(world.now() - began, 1900ms);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->kind, category::failover);
  EXPECT_EQ(last->effect, side_effect::none);
}

TEST_F(stack_cluster, a_breaker_opens_for_its_own_host_only) {
  b->stop();
  a->promote(*b);
  write_all(20);
  const auto s = db->status();
  EXPECT_EQ(s.hosts[0].breaker, breaker_state::closed);
  EXPECT_EQ(failed, 0);
}

TEST_F(stack_cluster, reads_go_to_a_replica_that_is_fresh_enough) {
  write_all(3);
  world.run_for(2s);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(read(read::replica_or_primary, 3s));
  EXPECT_EQ(a->reads, 10U);
  EXPECT_EQ(b->reads, 0U);
  EXPECT_TRUE(read(read::primary, 3s));
  EXPECT_EQ(b->reads, 1U);
}

TEST_F(stack_cluster, a_read_that_a_replica_answers_late_is_hedged_at_the_primary) {
  write_all(3);
  world.run_for(2s);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(read(read::replica_or_primary, 3s, true));
  ASSERT_EQ(b->reads, 0U);
  a->slow_once = 20s;
  const time_point began = world.now();
  EXPECT_TRUE(read(read::replica_or_primary, 3s, true));
  EXPECT_LT(world.now() - began, 50ms);
  EXPECT_EQ(b->reads, 1U);
  EXPECT_EQ(db->status().hedges_won, 1U);
}

TEST_F(stack_cluster, reads_of_what_a_replica_cannot_prove_go_to_the_primary) {
  b->lag = 20s;
  write_for(30s);
  world.run_for(10s);
  EXPECT_TRUE(read(read::replica_or_primary, 3s));
  EXPECT_EQ(a->reads, 0U);
  EXPECT_EQ(b->reads, 1U);
  world.run_for(15s);
  EXPECT_TRUE(read(read::replica_or_primary, 25s)) << "what lags by 20 s may be 25 s behind";
  EXPECT_EQ(a->reads, 1U);
  const auto behind = db->status().hosts[0].staleness;
  ASSERT_TRUE(behind);
  EXPECT_GE(*behind, 19s);
  EXPECT_LE(*behind, 23s);
  world.run_for(20s);
}

TEST_F(stack_cluster, a_read_goes_on_at_the_primary_when_the_replica_dies) {
  world.run_for(2s);
  a->stop();
  EXPECT_TRUE(read(read::replica_or_primary, 3s));
  EXPECT_EQ(b->reads, 1U);
}

TEST_F(stack_cluster, a_write_never_goes_to_a_replica_whatever_it_asks_for) {
  world.run_for(2s);
  reads_for_writes = read::replica_or_primary;
  write_all(5);
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(a->refused.empty());
}

TEST_F(stack_cluster, a_planned_switch_under_suspend_fails_no_call) {
  for (int i = 0; i < 32; ++i) write_for(12s);
  world.run_for(1s);
  ASSERT_TRUE(loop->run(db->suspend(*loop, 1s))) << "calls are under way still";
  EXPECT_TRUE(db->status().suspended);
  const auto before = b->marks.size();
  world.run_for(7s); // longer than acquire_timeout
  EXPECT_EQ(b->marks.size(), before) << "an attempt began";
  b->role = host_role::read_only;
  a->promote(*b);
  db->resume();
  world.run_for(10s);
  EXPECT_EQ(active, 0);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(lost(*a), 0);
  EXPECT_GT(a->marks.size(), before);
  EXPECT_TRUE(b->refused.empty()) << "the old primary was tried after the switch";
}

TEST_F(stack_cluster, what_a_suspended_database_did_not_do_in_time_says_why) {
  loop->run(db->suspend(*loop, 0s));
  patience = 300ms;
  write_all(1);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->code, errc::no_suitable_host);
  EXPECT_EQ(last->effect, side_effect::none);
  EXPECT_NE(last->message.find("suspended"), std::string::npos) << last->message;
  db->resume();
  write_all(1);
  EXPECT_EQ(failed, 1);
}

TEST(stack_cluster_switch, resume_asks_each_host_before_the_first_attempt) {
  auto o = cluster::plain();
  o.pool.ping_after_idle.reset(); // a ping would see it, too
  cluster c{11, o};
  ASSERT_TRUE(c.loop->run(c.db->open(*c.loop)));
  c.write_all(3);
  c.loop->run(c.db->suspend(*c.loop, 1s));
  c.b->role = host_role::read_only;
  c.db->resume();
  c.world.at(c.world.now() + 300ms, [&c] { c.a->promote(*c.b); });
  c.write_all(3);
  EXPECT_EQ(c.failed, 0);
  EXPECT_TRUE(c.b->refused.empty()) << "the old primary was tried after the switch";
  c.close();
}

TEST(stack_cluster_breaker, a_hedge_that_another_host_answered_is_no_success_of_the_first) {
  auto o = cluster::plain();
  o.retry_budget.capacity = 1000;
  cluster c{11, o};
  ASSERT_TRUE(c.loop->run(c.db->open(*c.loop)));
  c.world.run_for(2s);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(c.read(read::replica_or_primary, 1h, true));
  c.db->reset(); // the breaker forgets what went well
  const auto ask_in_vain = [&c] {
    const call_options how{
        .deadline = 50ms, .name = "total", .read = read::replica_or_primary, .max_staleness = 1h};
    const statement what{"SELECT TOTAL", {}};
    auto asked = c.db->execute(*c.loop, what, nullptr, how, std::source_location::current());
    (void)c.loop->run(std::move(asked));
  };
  for (int i = 0; i < 15; ++i) { // the replica answers nobody; of four calls three are hedged
    for (int hedged = 0; hedged < 3; ++hedged) {
      c.a->slow_once = 20s;
      EXPECT_TRUE(c.read(read::replica_or_primary, 1h, true));
    }
    c.a->slow_once = 20s;
    ask_in_vain();
  }
  EXPECT_GE(c.db->status().hedges_won, 20U);
  EXPECT_NE(c.db->status().hosts[0].breaker, breaker_state::closed);
  EXPECT_EQ(c.db->status().hosts[1].breaker, breaker_state::closed);
  c.a->slow_once = 0s;
  c.close();
}

TEST(stack_cluster_start, without_a_primary_opening_fails_and_says_what_each_host_is) {
  cluster c;
  c.b->role = host_role::replica;
  const auto opened = c.loop->run(c.db->open(*c.loop));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::no_suitable_host);
  EXPECT_NE(opened.error().message.find("fake:1 is a replica"), std::string::npos)
      << opened.error().message;
  c.close();
}

} // namespace
} // namespace holdfast::testing
