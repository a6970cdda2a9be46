#include "integration/database/engines.hpp"

#include <holdfast/exceptions.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

class verbs : public test::each_engine {};

struct booking {
  std::int64_t id = 0;
  std::string seat;
};

template <class F>
error failure_of(F&& f) {
  try {
    f();
  } catch (const database_error& e) {
    return e.details();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST_P(verbs, a_row_goes_in_and_comes_out) {
  db().execute("create table booking(id bigint primary key, seat text unique)");
  EXPECT_EQ(db().execute("insert into booking(id, seat) values ($1, $2)", 42, "12A"), 1U);
  EXPECT_EQ(db().query_value<std::string>("select seat from booking where id = $1", 42), "12A");
  EXPECT_EQ(db().query_value<std::string>("select seat from booking where id = $1", 7),
            std::nullopt);
  const auto pairs = db().query<std::int64_t, std::string>("select id, seat from booking");
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(std::get<1>(pairs[0]), "12A");
  const std::vector<booking> all = db().query<booking>("select id, seat from booking");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, 42);
}

TEST_P(verbs, every_type_goes_there_and_back) {
  db().execute("create table t(a bigint, b double precision, c boolean, d text, e " +
               std::string(is_postgres() ? "bytea" : "blob") +
               ", f uuid, g date, h timestamp, i " + // SQLite's own numeric is a double
               std::string(is_postgres() ? "numeric" : "text") + ", j json)");
  bytes blob(300);
  for (std::size_t i = 0; i < blob.size(); ++i) blob[i] = static_cast<std::byte>(i);
  uuid id;
  ASSERT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", id));
  const date day{std::chrono::year{2024} / 2 / 29};
  const timestamp moment = timestamp{day} + 13h + 59min + 7s + 123456us;
  const numeric digits{"12345678901234567890.0123456789"};
  boost::json::value json = {{"seat", "12A"}, {"paid", true}};
  db().execute("insert into t values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
               std::numeric_limits<std::int64_t>::min(), 0.1, true, "häßlich \xF0\x9F\x9A\x80",
               blob, id, day, moment, digits, json);
  const auto back = db().query<std::int64_t, double, bool, std::string, bytes, uuid, date,
                               timestamp, numeric, boost::json::value>("select * from t");
  ASSERT_EQ(back.size(), 1U);
  const auto& [a, b, c, d, e, f, g, h, i, j] = back[0];
  EXPECT_EQ(a, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(b, 0.1);
  EXPECT_TRUE(c);
  EXPECT_EQ(d, "häßlich \xF0\x9F\x9A\x80");
  EXPECT_EQ(e, blob);
  EXPECT_EQ(f, id);
  EXPECT_EQ(g, day);
  EXPECT_EQ(h, moment);
  EXPECT_EQ(i, digits);
  EXPECT_EQ(j, json);
}

TEST_P(verbs, null_is_an_error_where_nothing_can_hold_it) {
  db().execute("create table t(v text)");
  db().execute("insert into t values ($1)", std::nullopt);
  EXPECT_EQ(db().query<std::optional<std::string>>("select v from t")[0], std::nullopt);
  const error e = failure_of([&] { db().query<std::string>("select v from t"); });
  EXPECT_EQ(e.code, errc::unexpected_null);
  EXPECT_NE(e.message.find("\"v\""), std::string::npos) << e.message;
}

TEST_P(verbs, wrong_counts_and_types_name_both_sides_and_leave_the_connection_usable) {
  database one = connect({.pool = {.min_size = 1, .max_size = 1}});
  one.execute("create table t(id bigint, seat text)");
  one.execute("insert into t values (1, 'x')");
  EXPECT_EQ(failure_of([&] { one.query<int>("select id, seat from t"); }).code, errc::column_count);
  EXPECT_EQ(failure_of([&] { one.query<int>("select seat from t"); }).code, errc::column_type);
  EXPECT_EQ(failure_of([&] { one.query<std::int8_t>("select 1000 from t"); }).code,
            errc::value_out_of_range);
  const error count = failure_of([&] { one.execute("insert into t values ($1, $2)", 1); });
  EXPECT_EQ(count.code, errc::parameter_count);
  EXPECT_NE(count.message.find('2'), std::string::npos) << count.message;
  EXPECT_EQ(failure_of([&] { one.query_value<long>("select 1 union all select 2"); }).code,
            errc::row_count);
  EXPECT_EQ(one.query_value<std::int64_t>("select id from t"), 1);
  EXPECT_EQ(one.status().hosts[0].pool.idle, 1U);
}

TEST_P(verbs, try_gives_the_error_as_a_value) {
  auto r = db().try_query<int>("select * from no_such_table");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::unknown_object);
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_STREQ(std::strrchr(r.error().where.caller.file_name(), '/'), "/verbs_test.cpp");
}

TEST_P(verbs, constraint_errors_have_their_own_class) {
  db().execute("create table t(id bigint primary key, n bigint not null check (n > 0))");
  db().execute("insert into t values (1, 1)");
  EXPECT_THROW(db().execute("insert into t values (1, 1)"), constraint_error);
  EXPECT_EQ(failure_of([&] { db().execute("insert into t values (1, 1)"); }).code,
            errc::unique_violation);
  EXPECT_EQ(failure_of([&] { db().execute("insert into t values (2, null)"); }).code,
            errc::not_null_violation);
  EXPECT_EQ(failure_of([&] { db().execute("insert into t values (2, -1)"); }).code,
            errc::check_violation);
}

TEST_P(verbs, insert_many_is_all_or_nothing) {
  db().execute("create table t(id bigint primary key, name text)");
  std::vector<std::tuple<std::int64_t, std::string>> rows;
  for (int i = 0; i < 1234; ++i) rows.emplace_back(i, "n" + std::to_string(i));
  EXPECT_EQ(db().insert_many("t", {"id", "name"}, rows), 1234U);
  EXPECT_EQ(db().query_value<long>("select count(*) from t"), 1234);
  for (auto& [id, name] : rows) id += 2000;
  std::get<0>(rows.back()) = 5; // taken
  EXPECT_THROW(db().insert_many("t", {"id", "name"}, rows), constraint_error);
  EXPECT_EQ(db().query_value<long>("select count(*) from t"), 1234);
}

TEST_P(verbs, the_deadline_ends_a_statement_and_its_connection) {
  database one = connect({.pool = {.min_size = 1, .max_size = 1}});
  const std::string endless = is_postgres()
                                  ? "select count(*) from generate_series(1, 100000000000)"
                                  : "with recursive c(x) as (select 1 union all select x + 1 from "
                                    "c) select count(*) from c";
  const auto began = std::chrono::steady_clock::now();
  const error e = failure_of([&] { one.with({.deadline = 100ms}).query<long>(endless); });
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(e.kind, category::timeout);
  EXPECT_FALSE(e.connection_usable);
  EXPECT_GE(took, 100ms);
  EXPECT_LT(took, 600ms);
  // Whoever comes next gets another connection, never the one that was cancelled.
  EXPECT_EQ(one.query_value<long>("select 1"), 1);
  EXPECT_GE(one.recent_events().count(event_kind::connection_closed), 1U);
  EXPECT_EQ(one.recent_events().count(event_kind::connection_ready), 2U);
}

TEST_P(verbs, a_stop_request_ends_a_wait) {
  database one = connect({.pool = {.min_size = 1, .max_size = 1}});
  std::stop_source stop;
  std::jthread stopper;
  one.transaction([&](transaction& tx) {
    tx.query_value<long>("select 1");
    stopper = std::jthread{[&] {
      std::this_thread::sleep_for(50ms);
      stop.request_stop();
    }};
    const error e = failure_of([&] { one.with({}, stop.get_token()).query<long>("select 1"); });
    EXPECT_EQ(e.code, errc::cancelled);
  });
}

TEST_P(verbs, a_user_function_may_watch_but_not_call_back) {
  std::atomic<int> seen = 0;
  std::atomic<int> refused = 0;
  database d = connect();
  d.on_event([&](const owned_event&) {
    ++seen;
    if (auto r = d.try_execute("select 1"); !r && r.error().code == errc::reentrant_call) ++refused;
  });
  EXPECT_THROW(d.execute("select * from missing"), database_error);
  for (int i = 0; i < 200 && refused == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_GT(seen, 0);
  EXPECT_GT(refused, 0);
}

TEST_P(verbs, health_and_status_and_metrics_tell_the_same_story) {
  db().execute("create table t(id bigint)");
  const health_report h = db().health();
  EXPECT_EQ(h.status, health::healthy);
  EXPECT_GT(h.latency, 0ns);
  const database_status s = db().status();
  EXPECT_GE(s.operations, 1U);
  EXPECT_TRUE(s.hosts[0].up);
  const std::string text = prometheus_text({&db()});
  EXPECT_NE(text.find("db_client_connection_count"), std::string::npos);
  EXPECT_NE(text.find("db_client_operation_duration_seconds"), std::string::npos);
}

// For the sanitizers: the last handle goes while the background looks at what it held.
TEST_P(verbs, the_last_handle_may_go_at_any_time) {
  database_options o;
  o.health.interval = 1ms;
  o.start = start_mode::lazy;
  for (int i = 0; i < 50; ++i) {
    const database one = connect(o);
    std::this_thread::sleep_for(std::chrono::milliseconds{i % 5});
  }
}

TEST_P(verbs, close_refuses_what_comes_after) {
  database d = connect();
  EXPECT_EQ(d.query_value<long>("select 1"), 1);
  EXPECT_TRUE(d.close(2s));
  EXPECT_EQ(failure_of([&] { d.query<long>("select 1"); }).code, errc::pool_closed);
}

TEST_P(verbs, reset_begins_anew) {
  database d = connect({.pool = {.min_size = 1, .max_size = 2}});
  EXPECT_EQ(d.query_value<long>("select 1"), 1);
  const auto before = d.status().hosts[0].pool.generation;
  d.reset();
  EXPECT_EQ(d.query_value<long>("select 1"), 1);
  EXPECT_GT(d.status().hosts[0].pool.generation, before);
}

TEST_P(verbs, what_a_borrower_changed_is_gone) {
  database one = connect({.pool = {.min_size = 1, .max_size = 1}});
  one.execute(is_postgres() ? "set search_path = nowhere" : "create temp table mine(x)");
  if (is_postgres())
    EXPECT_NE(one.query_value<std::string>("select current_setting('search_path')"), "nowhere");
  else
    EXPECT_THROW(one.query<long>("select * from mine"), database_error);
  const error open = failure_of([&] { one.execute("begin"); });
  EXPECT_EQ(open.code, errc::invalid_statement);
  EXPECT_EQ(one.query_value<long>("select 1"), 1);
}

TEST_P(verbs, a_large_result_costs_no_stack_a_row) {
  database d = connect({.pool = {.min_size = 1, .max_size = 1}});
  const auto rows = d.query<long>("with recursive n(x) as (select cast(1 as bigint) union all "
                                  "select x + 1 from n where x < 300000) select x from n");
  ASSERT_EQ(rows.size(), 300000U);
  EXPECT_EQ(rows.back(), 300000);
}

INSTANTIATE_TEST_SUITE_P(each, verbs, test::engines, test::engine_name);

} // namespace
} // namespace holdfast
