// What became of a transaction whose COMMIT nobody answered, learned by another session.
#include "drivers/postgres/transaction_name.hpp"
#include "integration/postgres/fixture.hpp"

#include <thread>

namespace holdfast::drivers::postgres::tests {
namespace {

constexpr begin_options traced{.traceable = true};

/// A session that writes, and another that asks what became of it.
struct postgres_settle : ::testing::Test {
  client writer{settings_for(shared_server())};
  client asker{settings_for(shared_server())};
  std::string table = table_name();

  void SetUp() override {
    asker.execute("create table if not exists " + table + " (x bigint)").value();
    asker.execute("truncate " + table).value();
  }
  void write(std::int64_t x) {
    writer.execute("insert into " + table + " values ($1)", {x}).value();
  }
  result<outcome> ask(std::string_view token, duration limit = 5s) {
    return run_inline(asker.link().settle(asker.rt(), token, asker.in(limit)));
  }
  std::string token() { return writer.link().transaction_token(); }
  transaction_name name() { return parse_transaction_name(token()).value(); }
};

TEST_F(postgres_settle, token_is_known_before_commit_leaves_and_survives_it) {
  writer.begin(traced).value();
  EXPECT_EQ(token(), "");
  write(1);
  const auto named = token();
  EXPECT_EQ(std::get<std::string>(writer.one("select pg_current_xact_id()::text")),
            std::to_string(name().xid));
  EXPECT_EQ(name().session.pid, writer.pid());
  writer.commit().value();
  EXPECT_EQ(token(), named);
  EXPECT_EQ(ask(named).value(), outcome::committed);
}

TEST_F(postgres_settle, an_untraced_block_has_no_token) {
  writer.begin().value();
  write(1);
  EXPECT_EQ(token(), "");
  writer.commit().value();
}

TEST_F(postgres_settle, rolled_back_is_not_committed) {
  writer.begin(traced).value();
  write(1);
  writer.rollback().value();
  EXPECT_EQ(ask(token()).value(), outcome::not_committed);
}

TEST_F(postgres_settle, a_session_that_still_has_it_open_is_ended_first) {
  writer.begin(traced).value();
  write(1);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(token()).value(), outcome::not_committed);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  const auto too_late = writer.commit();
  ASSERT_FALSE(too_late);
  EXPECT_EQ(std::get<std::int64_t>(asker.one("select count(*) from " + table)), 0);
}

TEST_F(postgres_settle, another_session_with_the_same_process_id_is_left_alone) {
  writer.begin(traced).value();
  write(1);
  auto other = name();
  other.session.start -= 1;
  EXPECT_EQ(ask(to_string(other), 300ms).value(), outcome::unknown);
  writer.commit().value();
  EXPECT_EQ(ask(to_string(other)).value(), outcome::committed);
}

TEST_F(postgres_settle, another_incarnation_proves_only_what_did_not_happen) {
  writer.begin(traced).value();
  write(1);
  writer.commit().value();
  auto committed = name();
  for (const int field : {0, 1, 2}) {
    auto elsewhere = committed;
    if (field == 0) ++elsewhere.server.system;
    if (field == 1) ++elsewhere.server.timeline;
    if (field == 2) ++elsewhere.server.reset;
    EXPECT_EQ(ask(to_string(elsewhere)).value(), outcome::unknown) << field;
  }
  auto future = committed;
  future.xid += 1'000'000;
  EXPECT_EQ(ask(to_string(future)).value(), outcome::unknown) << "our own server knows its ids";
  future.server.reset += 1;
  EXPECT_EQ(ask(to_string(future)).value(), outcome::not_committed);
  client second{settings_for(shared_server())}; // asking has ended the first session
  second.begin(traced).value();
  second.execute("insert into " + table + " values (2)").value();
  second.rollback().value();
  auto aborted = parse_transaction_name(second.link().transaction_token()).value();
  aborted.server.timeline += 1;
  EXPECT_EQ(ask(to_string(aborted)).value(), outcome::not_committed);
}

TEST_F(postgres_settle, a_block_that_wrote_nothing_has_nothing_to_lose) {
  writer.begin(traced).value();
  writer.execute("select 1").value();
  EXPECT_EQ(token(), "");
  asker.execute("select pg_terminate_backend($1::bigint::int)", {writer.pid()}).value();
  const auto lost = writer.commit();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().effect, side_effect::none);
}

TEST_F(postgres_settle, what_cannot_carry_the_question_is_looked_at_before_commit) {
  writer.begin(traced).value();
  writer.script("insert into " + table + " values (1); insert into " + table + " values (2)")
      .value();
  EXPECT_EQ(token(), "");
  writer.commit().value();
  EXPECT_NE(token(), "");

  writer.begin(traced).value();
  const std::string returning = "insert into " + table + " values (3) returning x";
  auto opened =
      run_inline(writer.link().open_rows(writer.rt(), statement{returning, {}}, writer.in(5s)));
  collected rows;
  while (run_inline(opened.value()->fetch(writer.rt(), rows, writer.in(5s))).value()) {
  }
  opened.value().reset();
  EXPECT_EQ(rows.rows.size(), 1u);
  writer.commit().value();
  EXPECT_EQ(ask(token()).value(), outcome::committed);
}

TEST_F(postgres_settle, a_statement_that_fails_still_says_why) {
  writer.begin(traced).value();
  const auto failed = writer.execute("insert into " + table + " values ($1::bigint / 0)", {1});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().native_code, "22012");
  EXPECT_TRUE(failed.error().connection_usable);
  EXPECT_EQ(writer.link().in_transaction(), transaction_status::failed);
  writer.rollback().value();
  EXPECT_EQ(writer.one("select 7::bigint"), value{std::int64_t{7}});
}

TEST_F(postgres_settle, forgetting_all_prepared_statements_in_the_block_does_no_harm) {
  for (int i = 0; i < 2; ++i) {
    writer.begin(traced).value();
    write(i);
    writer.commit().value();
  }
  writer.begin(traced).value();
  writer.execute("deallocate all").value();
  write(2);
  writer.commit().value();
  EXPECT_EQ(ask(token()).value(), outcome::committed);
}

TEST_F(postgres_settle, an_ordinary_role_is_enough) {
  asker
      .script("drop role if exists plain; create role plain login password 'p'; "
              "grant all on " +
              table + " to plain")
      .value();
  settings s = settings_for(shared_server());
  s.credentials = []() -> result<credential> { return credential{"plain", secret{"p"}}; };
  client plain{s};
  client other{s};
  plain.begin(traced).value();
  plain.execute("insert into " + table + " values (1)").value();
  const auto named = plain.link().transaction_token();
  ASSERT_NE(named, "");
  EXPECT_EQ(run_inline(other.link().settle(other.rt(), named, other.in(5s))).value(),
            outcome::not_committed);
}

TEST_F(postgres_settle, behind_a_transaction_pooler_no_session_is_ended) {
  settings s = settings_for(shared_server());
  s.engine.pooler = pooler_mode::transaction;
  client pooled{s};
  pooled.begin(traced).value();
  pooled.execute("insert into " + table + " values (1)").value();
  const auto named = pooled.link().transaction_token();
  ASSERT_NE(named, "");
  EXPECT_EQ(parse_transaction_name(named)->session.pid, 0);
  EXPECT_EQ(ask(named, 200ms).value(), outcome::unknown);
  pooled.commit().value();
  EXPECT_EQ(ask(named).value(), outcome::committed);
}

TEST_F(postgres_settle, garbage_is_refused) {
  for (const auto* text : {"", "hfx.", "hfx.1.2.3", "hfx.0.1.1.1.1.1", "hfx.1.1.1.1.1.x",
                           "hfx.1.1.1.1.1.1.1", "hf1.1.key"})
    EXPECT_EQ(ask(text).error().code, errc::invalid_configuration) << text;
}

} // namespace
} // namespace holdfast::drivers::postgres::tests
