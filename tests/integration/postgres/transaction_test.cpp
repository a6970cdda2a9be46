#include "integration/postgres/fixture.hpp"

#include <optional>
#include <thread>

namespace holdfast::drivers::postgres::tests {
namespace {

class postgres_transaction : public ::testing::Test {
protected:
  void SetUp() override { c.execute("create temp table a(x int unique deferrable)").value(); }
  std::int64_t count() { return std::get<std::int64_t>(c.one("select count(*) from a")); }
  client c{settings_for(shared_server())};
};

TEST_F(postgres_transaction, commits_and_rolls_back) {
  c.begin().value();
  EXPECT_EQ(c.link().in_transaction(), transaction_status::open);
  c.execute("insert into a values (1)").value();
  c.commit().value();
  EXPECT_EQ(c.link().in_transaction(), transaction_status::none);
  c.begin().value();
  c.execute("insert into a values (2)").value();
  c.rollback().value();
  EXPECT_EQ(count(), 1);
}

TEST_F(postgres_transaction, options_reach_the_server) {
  c.begin({isolation::serializable, true, true}).value();
  EXPECT_EQ(c.one("show transaction_isolation"), value{"serializable"});
  EXPECT_EQ(c.one("show transaction_read_only"), value{"on"});
  EXPECT_EQ(c.one("show transaction_deferrable"), value{"on"});
  const auto w = c.execute("create table never(x int)");
  ASSERT_FALSE(w);
  EXPECT_EQ(w.error().code, errc::read_only_transaction);
  EXPECT_EQ(w.error().next, advice::fix_request);
  c.rollback().value();
}

/// A server whose configuration turns read-only and back under its sessions.
class postgres_turning : public ::testing::Test {
protected:
  postgres_turning() {
    settings past = settings_for(shared_server());
    past.engine.options = "-c default_transaction_read_only=off";
    boss_.emplace(past);
    boss_->script("drop table if exists turning; create table turning(i int)").value();
  }
  ~postgres_turning() override { turn("off"); }

  /// Sessions that are idle load it with their next command.
  void turn(const std::string& to) {
    boss_->script("alter system set default_transaction_read_only = " + to).value();
    boss_->execute("select pg_reload_conf()").value();
    for (int i = 0; i < 200; ++i) {
      client fresh{settings_for(shared_server())};
      if (fresh.one("show default_transaction_read_only") == value{to}) break;
      std::this_thread::sleep_for(5ms);
    }
    std::this_thread::sleep_for(20ms);
  }
  static client guest() { return client{settings_for(shared_server())}; }

  std::optional<client> boss_;
};

TEST_F(postgres_turning, the_first_refusal_is_the_servers) {
  auto prepared = guest();
  prepared.execute("insert into turning values (1)").value();
  auto scripted = guest();
  scripted.script("insert into turning values (1)").value();
  auto traced = guest();
  traced.begin({.traceable = true}).value();
  traced.execute("insert into turning values (1)").value();
  traced.commit().value();
  auto in_block = guest();
  in_block.ping().value();
  turn("on");
  EXPECT_EQ(prepared.execute("insert into turning values (1)").error().code,
            errc::read_only_server);
  EXPECT_FALSE(prepared.link().usable());
  EXPECT_EQ(scripted.script("insert into turning values (1)").error().code, errc::read_only_server);
  traced.begin({.traceable = true, .with_next = true}).value();
  EXPECT_EQ(traced.execute("insert into turning values (1)").error().code, errc::read_only_server);
  in_block.begin().value();
  EXPECT_EQ(in_block.execute("insert into turning values (1)").error().code,
            errc::read_only_server);
}

TEST_F(postgres_turning, a_block_that_began_on_a_read_only_server_is_refused_by_the_server) {
  auto c = guest();
  turn("on");
  c.begin().value();
  turn("off");
  c.execute("select 1").value(); // with this it learns that the setting is back
  EXPECT_EQ(c.execute("insert into turning values (1)").error().code, errc::read_only_server);
}

TEST_F(postgres_turning, a_block_of_ones_own_choice_is_not_the_servers) {
  auto c = guest();
  turn("on");
  c.begin({.read_only = true}).value();
  EXPECT_EQ(c.execute("insert into turning values (1)").error().code, errc::read_only_transaction);
}

TEST_F(postgres_transaction, a_read_only_server_is_told_from_a_read_only_transaction) {
  client boss{settings_for(shared_server())};
  boss.execute("drop database if exists locked").value();
  boss.execute("create database locked").value();
  boss.execute("alter database locked set default_transaction_read_only = on").value();
  auto s = settings_for(shared_server());
  s.database = "locked";
  client reader{s};
  const auto w = reader.execute("create table never(x int)");
  ASSERT_FALSE(w);
  EXPECT_EQ(w.error().code, errc::read_only_server);
  EXPECT_EQ(w.error().next, advice::re_resolve);
  EXPECT_FALSE(w.error().connection_usable);
}

TEST_F(postgres_transaction, only_the_tag_commit_is_a_commit) {
  c.begin().value();
  c.execute("insert into a values (1)").value();
  ASSERT_FALSE(c.execute("select 1/0"));
  EXPECT_EQ(c.link().in_transaction(), transaction_status::failed);
  const auto committed = c.commit(); // answered with success and ROLLBACK
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, errc::transaction_failed);
  EXPECT_EQ(committed.error().effect, side_effect::none);
  EXPECT_TRUE(committed.error().connection_usable);
  EXPECT_EQ(count(), 0);
}

TEST_F(postgres_transaction, a_constraint_that_fails_at_commit) {
  c.begin().value();
  c.execute("set constraints all deferred").value();
  c.execute("insert into a values (1), (1)").value();
  const auto committed = c.commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, errc::unique_violation);
  EXPECT_EQ(committed.error().effect, side_effect::none);
  EXPECT_EQ(committed.error().when, phase::answered);
  EXPECT_EQ(count(), 0);
}

TEST_F(postgres_transaction, commit_without_a_transaction_claims_nothing) {
  c.begin().value();
  c.execute("rollback").value(); // the user's own text
  const auto committed = c.commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, errc::transaction_finished);
}

TEST_F(postgres_transaction, savepoints_nest) {
  auto& link = c.link();
  auto& rt = c.rt();
  c.begin().value();
  run_inline(link.savepoint(rt, 1, c.in(5s))).value();
  c.execute("insert into a values (1)").value();
  run_inline(link.savepoint(rt, 2, c.in(5s))).value();
  ASSERT_FALSE(c.execute("insert into a values (1)"));
  run_inline(link.rollback_to_savepoint(rt, 2, c.in(5s))).value();
  run_inline(link.release_savepoint(rt, 1, c.in(5s))).value();
  c.commit().value();
  EXPECT_EQ(count(), 1);
}

TEST_F(postgres_transaction, conflicts_ask_for_the_whole_transaction) {
  client other{settings_for(shared_server())};
  other.script("drop table if exists conflict; create table conflict(x int)").value();
  other.execute("insert into conflict values (0)").value();
  c.begin({.isolation = isolation::repeatable_read}).value();
  c.query("select x from conflict");
  other.execute("update conflict set x = 1").value();
  const auto lost = c.execute("update conflict set x = 2");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, errc::serialization_failure);
  EXPECT_EQ(lost.error().next, advice::retry_transaction);
  EXPECT_FALSE(lost.error().transaction_usable);
  EXPECT_TRUE(lost.error().connection_usable);
  c.rollback().value();
}

class postgres_session : public ::testing::Test {
protected:
  static settings with_search_path() {
    auto s = settings_for(shared_server());
    s.engine.options = "-c search_path=pg_catalog,public -c statement_timeout=60s";
    return s;
  }
  client c{with_search_path()};
};

TEST_F(postgres_session, only_what_may_leave_something_behind_makes_it_dirty) {
  c.execute("select 1").value();
  c.begin().value();
  EXPECT_TRUE(c.link().dirty()); // an open transaction
  c.commit().value();
  EXPECT_FALSE(c.link().dirty());
  c.execute("select set_config('work_mem', '1MB', false)").value();
  EXPECT_TRUE(c.link().dirty());
  c.reset().value();
  EXPECT_FALSE(c.link().dirty());
}

TEST_F(postgres_session, reset_leaves_nothing_of_the_last_borrower) {
  c.execute("set search_path = nowhere").value();
  c.execute("set role pg_monitor").value();
  c.execute("reset role").value();
  c.execute("create temp table mine(x int)").value();
  c.execute("select pg_advisory_lock(42)").value();
  c.execute("listen gossip").value();
  c.execute("declare held cursor with hold for select 1").value();
  c.begin().value();
  const auto prepared = "select count(*) from pg_prepared_statements";
  c.reset().value();

  EXPECT_EQ(c.link().in_transaction(), transaction_status::none);
  // Start-up options are what RESET ALL goes back to.
  EXPECT_EQ(c.one("show search_path"), value{"pg_catalog,public"});
  EXPECT_EQ(c.one("select to_regclass('mine') is null"), value{true});
  EXPECT_EQ(c.one("select count(*) from pg_locks where locktype = 'advisory' "
                  "and pid = pg_backend_pid()"),
            value{std::int64_t{0}});
  EXPECT_EQ(c.one("select count(*) from pg_listening_channels()"), value{std::int64_t{0}});
  EXPECT_EQ(c.one("select count(*) from pg_cursors where name = 'held'"), value{std::int64_t{0}});
  EXPECT_GT(std::get<std::int64_t>(c.one(prepared)), 5); // what was prepared stays
}

TEST_F(postgres_session, what_one_borrower_left_no_other_sees) {
  client other{settings_for(shared_server())};
  c.execute("select pg_advisory_lock(4711)").value();
  c.execute("create temp table mine(x int)").value();
  c.execute("set statement_timeout = '1ms'").value();
  c.execute("listen gossip").value();
  EXPECT_EQ(other.one("select pg_try_advisory_lock(4711)"), value{false});
  EXPECT_TRUE(c.link().dirty());
  c.reset().value();
  EXPECT_FALSE(c.link().dirty());
  EXPECT_EQ(other.one("select pg_try_advisory_lock(4711)"), value{true});
  other.execute("notify gossip, 'x'").value();
  EXPECT_EQ(c.one("show statement_timeout"), value{"1min"});
  c.execute("create temp table mine(x int)").value(); // the name is free again
  // A failed block, too.
  c.begin().value();
  ASSERT_FALSE(c.execute("select 1/0"));
  c.reset().value();
  EXPECT_EQ(c.link().in_transaction(), transaction_status::none);
  EXPECT_EQ(c.one("select 1"), value{std::int64_t{1}});
}

TEST_F(postgres_session, a_reset_that_fails_gives_the_connection_up) {
  client boss{settings_for(shared_server())};
  const auto pid = c.pid();
  boss.execute("select pg_terminate_backend($1, 2000)", {pid}).value();
  const auto r = c.reset();
  ASSERT_FALSE(r);
  EXPECT_FALSE(r.error().connection_usable);
}

TEST(postgres_operation_table, its_statements_fit_together) {
  client c{settings_for(shared_server())};
  const auto& sql = c.driver().operation_table();
  const auto rows = [&](const std::string& text) { return c.query(text).rows.size(); };
  c.script("drop table if exists holdfast_operation, holdfast_operation_low_water").value();
  EXPECT_EQ(rows(sql.exists), 0U);
  c.script(sql.create).value();
  c.script(sql.create).value();
  EXPECT_EQ(rows(sql.exists), 1U);
  EXPECT_EQ(rows(sql.low_water), 0U);
  c.execute(sql.insert_key, {"k", "f"}).value();
  c.execute(sql.store_result, {json_text{"{\"a\":1}"}, "k"}).value();
  const auto row = c.query(sql.read_key, {"k"}).rows.at(0);
  EXPECT_EQ(row, (std::vector<value>{"f", "{\"a\":1}", false}));
  const auto again = c.execute(sql.insert_tombstone, {"k"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().native_code, sql.insert_conflict);
  EXPECT_EQ(again.error().constraint, sql.key_constraint);
  c.execute(sql.insert_tombstone, {"dead"}).value();
  c.execute("update holdfast_operation set created_at = now() - interval '2 days' "
            "where operation_key = 'k'")
      .value();
  const std::int64_t most = 1000;
  c.execute(sql.prune, {std::int64_t{86'400}, most}).value();
  EXPECT_TRUE(c.query(sql.read_key, {"k"}).rows.empty());
  EXPECT_EQ(c.query(sql.read_key, {"dead"}).rows.size(), 1U);
  const auto mark = std::get<std::int64_t>(c.one(sql.low_water));
  c.execute("update holdfast_operation set created_at = now() - interval '3 days'").value();
  EXPECT_EQ(c.execute(sql.prune, {std::int64_t{2 * 86'400}, most})->rows_affected, 1U);
  EXPECT_EQ(c.one(sql.low_water), value{mark}); // never goes back
}

TEST(postgres_operation_table, the_oldest_go_first_and_no_more_than_asked) {
  client c{settings_for(shared_server())};
  const auto& sql = c.driver().operation_table();
  c.script("drop table if exists holdfast_operation, holdfast_operation_low_water").value();
  c.script(sql.create).value();
  c.execute("insert into holdfast_operation (operation_key, created_at) "
            "select 'k' || n, now() - n * interval '1 hour' from generate_series(1, 10) n")
      .value();
  const std::int64_t six_hours = 6 * 3600 - 60;
  EXPECT_EQ(c.execute(sql.prune, {six_hours, std::int64_t{3}})->rows_affected, 3U);
  const auto left = "select count(*) from holdfast_operation";
  EXPECT_EQ(c.one(left), value{std::int64_t{7}});
  EXPECT_EQ(c.one("select max(substr(operation_key, 2)::int) from holdfast_operation"), value{7});
  EXPECT_EQ(c.execute(sql.prune, {six_hours, std::int64_t{1000}})->rows_affected, 2U);
  EXPECT_EQ(c.one(left), value{std::int64_t{5}});
}

TEST(postgres_operation_table, the_mark_knows_of_rows_that_somebody_else_deletes) {
  client c{settings_for(shared_server())};
  const auto& sql = c.driver().operation_table();
  c.script("drop schema if exists elsewhere cascade; create schema elsewhere; "
           "set search_path to elsewhere")
      .value();
  c.script(sql.create).value();
  const auto insert = "insert into elsewhere.holdfast_operation (operation_key, created_at) "
                      "values ('k', to_timestamp(1000000000))";
  c.execute(insert).value();
  // By hand, by whoever, and found under another search_path.
  c.script("set search_path to public; delete from elsewhere.holdfast_operation; "
           "set search_path to elsewhere")
      .value();
  EXPECT_EQ(c.one(sql.low_water), value{std::int64_t{1'000'000'000}});
  c.execute("delete from holdfast_operation").value(); // nothing there: nothing new to doubt
  EXPECT_EQ(c.one(sql.low_water), value{std::int64_t{1'000'000'000}});
  c.execute(insert).value();
  c.script("truncate holdfast_operation").value();
  const auto mark = std::get<std::int64_t>(c.one(sql.low_water));
  EXPECT_GT(mark, 1'700'000'000);
  // A table from before the triggers gets them.
  c.script("drop trigger holdfast_operation_pruned on holdfast_operation").value();
  EXPECT_TRUE(c.query(sql.exists).rows.empty());
  c.script(sql.create).value();
  EXPECT_EQ(c.query(sql.exists).rows.size(), 1U);
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
