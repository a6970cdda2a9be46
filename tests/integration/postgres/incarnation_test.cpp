// What a transaction's id proves over the lives of a server, and where standbys are waited for.
#include "drivers/postgres/transaction_name.hpp"
#include "integration/postgres/fixture.hpp"

#include <thread>

namespace holdfast::drivers::postgres::tests {
namespace {

constexpr begin_options traced{.traceable = true};

/// A server of its own, that writes nothing of the log by itself for a while.
struct postgres_incarnation : ::testing::Test {
  postgres_server server{{.settings = {"wal_writer_delay = 10s", "autovacuum = off"}}};

  void SetUp() override {
    server.start();
    server.wait_ready();
    fresh()->execute("create table t(x bigint)").value();
  }
  std::unique_ptr<client> fresh() { return std::make_unique<client>(settings_for(server)); }
  static result<outcome> ask(client& by, std::string_view token, duration limit = 5s) {
    return run_inline(by.link().settle(by.rt(), token, by.in(limit)));
  }
  /// Begins and writes; nothing of it is committed, nor flushed.
  static std::string write(client& by) {
    by.begin(traced).value();
    by.execute("insert into t values (1)").value();
    return by.link().transaction_token();
  }
  /// Commits others' writes until one of them has the id.
  static bool given_out_again(client& by, std::uint64_t xid) {
    for (int i = 0; i < 100; ++i) {
      const auto id = std::get<std::string>(
          by.one("with w as (insert into t values (2)) select pg_current_xact_id()::text"));
      if (id == std::to_string(xid)) return true;
    }
    return false;
  }
  void expect_lost_id_is_not_taken_for_ours(const std::string& token) {
    const auto name = parse_transaction_name(token).value();
    const auto after = fresh();
    ASSERT_TRUE(given_out_again(*after, name.xid));
    ASSERT_EQ(std::get<std::string>(
                  after->one("select pg_xact_status($1::text::xid8)", {std::to_string(name.xid)})),
              "committed")
        << "another's, under our id";
    EXPECT_EQ(ask(*after, token).value(), outcome::unknown);
  }
};

TEST_F(postgres_incarnation, an_id_lost_when_the_server_was_killed_is_given_out_again) {
  const auto writer = fresh();
  const auto token = write(*writer);
  server.kill_hard();
  server.start();
  server.wait_ready();
  EXPECT_EQ(ask(*fresh(), token).value(), outcome::not_committed) << "not given out again yet";
  expect_lost_id_is_not_taken_for_ours(token);
}

TEST_F(postgres_incarnation, an_id_lost_when_one_backend_was_killed_is_given_out_again) {
  const auto writer = fresh();
  const auto token = write(*writer);
  ASSERT_TRUE(server.kill_one_backend());
  std::this_thread::sleep_for(300ms); // the server notices, and recovers
  server.wait_ready();
  expect_lost_id_is_not_taken_for_ours(token);
}

TEST_F(postgres_incarnation, an_orderly_restart_is_the_same_life) {
  const auto writer = fresh();
  const auto token = write(*writer);
  writer->commit().value();
  server.restart();
  EXPECT_EQ(ask(*fresh(), token).value(), outcome::committed);
}

/// Commits wait for a standby that does not exist.
struct postgres_synchronous : postgres_incarnation {
  std::unique_ptr<client> boss;

  void SetUp() override {
    postgres_incarnation::SetUp();
    boss = fresh();
  }
  void wait_for_standby(std::string_view name) {
    boss->execute("alter system set synchronous_standby_names = '" + std::string{name} + "'")
        .value();
    boss->execute("select pg_reload_conf()").value();
    for (int i = 0; i < 500; ++i) {
      if (boss->one("select current_setting('synchronous_standby_names')") ==
              value{std::string{name}} &&
          (name.empty() || commits_wait()))
        return;
      std::this_thread::sleep_for(5ms);
    }
    FAIL() << "the setting did not come";
  }
  /// Another process of the server tells all sessions whether to wait, and hears of it in its time.
  bool commits_wait() {
    const auto probe = fresh();
    return !probe->execute("create or replace view probe as select 1", {}, nullptr, 100ms);
  }
  void wait_until_it_waits(std::int64_t pid) {
    const auto waits = [&] {
      return boss->one("select count(*) from pg_stat_activity where wait_event = 'SyncRep' "
                       "and pid = $1::bigint",
                       {pid}) == value{std::int64_t{1}};
    };
    for (int i = 0; i < 500 && !waits(); ++i) std::this_thread::sleep_for(5ms);
    EXPECT_TRUE(waits());
  }
};

TEST_F(postgres_synchronous, a_commit_that_no_standby_has_counts_once_they_are_not_waited_for) {
  const auto writer = fresh();
  const auto pid = writer->pid();
  const auto token = write(*writer);
  wait_for_standby("ghost");
  result<void> ended;
  std::thread committing{[&] { ended = writer->commit(1500ms); }};
  wait_until_it_waits(pid);
  // The server then answers COMMIT with a warning, which is no acknowledgement.
  boss->execute("select pg_cancel_backend($1::bigint::int)", {pid}).value();
  committing.join();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().effect, side_effect::unknown);
  EXPECT_FALSE(ended.error().connection_usable) << "left in the middle of the confirming commit";
  const auto asker = fresh();
  const auto now = ask(*asker, token, 500ms);
  EXPECT_FALSE(now && *now != outcome::unknown) << "in force here, and nowhere else";
  wait_for_standby("");
  EXPECT_EQ(ask(*fresh(), token).value(), outcome::committed);
}

TEST_F(postgres_synchronous, a_session_that_waits_for_its_standby_is_left_alone) {
  const auto writer = fresh();
  const auto pid = writer->pid();
  const auto token = write(*writer);
  wait_for_standby("ghost");
  result<void> ended;
  std::thread committing{[&] { ended = writer->commit(5s); }};
  wait_until_it_waits(pid);
  const auto now = ask(*fresh(), token, 500ms);
  EXPECT_FALSE(now && *now != outcome::unknown);
  wait_until_it_waits(pid); // still
  wait_for_standby("");
  committing.join();
  EXPECT_TRUE(ended);
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
