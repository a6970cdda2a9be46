#include "sqlite_fixture.hpp"

#include <cmath>
#include <limits>

namespace holdfast::drivers::sqlite::testing {
namespace {

class sqlite_statement : public sqlite_test {};

TEST_F(sqlite_statement, native_types_round_trip) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE t(i INTEGER, r REAL, s TEXT, b BLOB, n)"));
  const std::string with_nul{"a\0b", 3};
  const bytes blob{std::byte{0}, std::byte{255}};
  ASSERT_TRUE(
      db.execute("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)",
                 {std::numeric_limits<std::int64_t>::min(), 0.1, with_nul, blob, null_t{}}));
  ASSERT_TRUE(db.execute("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)",
                         {true, -INFINITY, std::string{}, bytes{}, null_t{}}));
  const auto got = db.query("SELECT * FROM t ORDER BY rowid");
  ASSERT_EQ(got.rows.size(), 2U);
  EXPECT_EQ(std::get<std::int64_t>(got.rows[0][0]), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(std::get<double>(got.rows[0][1]), 0.1);
  EXPECT_EQ(std::get<std::string>(got.rows[0][2]), with_nul);
  EXPECT_EQ(std::get<bytes>(got.rows[0][3]), blob);
  EXPECT_EQ(got.rows[0][4].type(), value_type::null);
  EXPECT_EQ(std::get<std::int64_t>(got.rows[1][0]), 1);
  EXPECT_EQ(std::get<double>(got.rows[1][1]), -INFINITY);
  EXPECT_EQ(std::get<std::string>(got.rows[1][2]), "") << "empty text is not NULL";
  EXPECT_EQ(std::get<bytes>(got.rows[1][3]), bytes{}) << "empty bytes are not NULL";
}

TEST_F(sqlite_statement, other_types_are_text_that_people_can_read) {
  auto db = open();
  uuid id;
  ASSERT_TRUE(parse("550e8400-e29b-41d4-a716-446655440000", id));
  const date day{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  const auto got =
      db.query("SELECT ?1, ?2, ?3, ?4, ?5, ?6", {id, day, time_of_day{61s}, timestamp{day + 1us},
                                                 numeric{"0.10"}, json_text{"{\"a\":1}"}});
  ASSERT_EQ(got.rows.size(), 1U);
  const std::vector<std::string> want{
      "550e8400-e29b-41d4-a716-446655440000", "2026-11-21", "00:01:01.000000",
      "2026-11-21 00:00:00.000001",           "0.10",       "{\"a\":1}"};
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_EQ(std::get<std::string>(got.rows[0][i]), want[i]);
}

TEST_F(sqlite_statement, columns_come_once_also_without_rows_and_follow_the_schema) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE t(id UUID, at TIMESTAMP, name TEXT)"));
  auto got = db.query("SELECT *, 1 + 1 AS two FROM t");
  EXPECT_EQ(got.announcements, 1);
  ASSERT_EQ(got.described.size(), 4U);
  EXPECT_EQ(got.described[0].name, "id");
  EXPECT_EQ(got.described[0].type, value_type::uuid);
  EXPECT_EQ(got.described[0].native_type, "UUID");
  EXPECT_EQ(got.described[1].type, value_type::timestamp);
  EXPECT_EQ(got.described[2].type, value_type::null) << "SQLite types each value";
  EXPECT_EQ(got.described[3].name, "two");
  auto other = open();
  ASSERT_TRUE(other.script("ALTER TABLE t ADD COLUMN extra"));
  got = db.query("SELECT *, 1 + 1 AS two FROM t");
  ASSERT_EQ(got.described.size(), 5U) << "prepared before the column was added";
  EXPECT_EQ(got.described[3].name, "extra");
  EXPECT_EQ(db.query("INSERT INTO t(name) VALUES ('x')").announcements, 0);
}

TEST_F(sqlite_statement, rows_affected_counts_changes_only) {
  auto db = open();
  const auto affected = [&](std::string_view sql) {
    const auto r = db.execute(sql);
    EXPECT_TRUE(r) << sql;
    return r ? r->rows_affected : 999;
  };
  EXPECT_EQ(affected("CREATE TABLE t(a)"), 0U);
  EXPECT_EQ(affected("INSERT INTO t VALUES (1), (2), (3)"), 3U);
  EXPECT_EQ(affected("SELECT * FROM t"), 0U);
  EXPECT_EQ(affected("CREATE TABLE u AS SELECT * FROM t"), 0U);
  EXPECT_EQ(affected("UPDATE t SET a = a WHERE a > 1"), 2U);
  EXPECT_EQ(affected("UPDATE t SET a = a WHERE a > 9"), 0U);
  EXPECT_EQ(affected("WITH x AS (SELECT 1 AS v) DELETE FROM t WHERE a IN (SELECT v FROM x)"), 1U);
  EXPECT_EQ(affected("DELETE FROM t RETURNING a"), 2U);
  EXPECT_EQ(affected("EXPLAIN DELETE FROM u"), 0U);
}

TEST_F(sqlite_statement, wrong_use_is_refused_before_anything_runs) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE t(a, b)"));
  const auto refused = [&](std::string_view sql, std::vector<value> parameters) {
    auto r = db.execute(sql, std::move(parameters));
    EXPECT_FALSE(r) << sql;
    if (r) return make_error(errc::internal_error, "succeeded");
    EXPECT_TRUE(r.error().connection_usable) << sql;
    EXPECT_EQ(r.error().effect, side_effect::none);
    EXPECT_EQ(r.error().next, advice::fix_request);
    return r.error();
  };
  const auto count = refused("INSERT INTO t VALUES (?1, ?2)", {std::int64_t{1}});
  EXPECT_EQ(count.code, errc::parameter_count);
  EXPECT_EQ(count.message, "the statement takes 2 parameters but 1 value was given");
  EXPECT_EQ(refused("SELECT 1", {std::int64_t{1}}).code, errc::parameter_count);
  EXPECT_EQ(refused("INSERT INTO t VALUES (?1, ?2)", {std::int64_t{1}, value_array{}}).code,
            errc::parameter_type);
  EXPECT_EQ(refused("INSERT INTO t VALUES (?1, ?2)", {std::int64_t{1}, std::nan("")}).code,
            errc::value_out_of_range);
  EXPECT_EQ(refused("DELETE FROM t; DELETE FROM t", {}).code, errc::invalid_statement);
  EXPECT_EQ(refused("-- nothing", {}).code, errc::invalid_statement);
  EXPECT_EQ(refused("", {}).code, errc::invalid_statement);
  EXPECT_EQ(refused(std::string_view{"SELECT 1\0", 9}, {}).code, errc::invalid_statement);
  EXPECT_EQ(refused("SELCT 1", {}).code, errc::syntax_error);
  EXPECT_EQ(refused("SELECT * FROM nowhere", {}).code, errc::unknown_object);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 0);
  EXPECT_TRUE(db.execute("SELECT 1; -- a comment behind is fine"));
  EXPECT_FALSE(db.it->dirty());
}

TEST_F(sqlite_statement, constraints_have_their_own_codes) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE p(id INTEGER PRIMARY KEY);"
                        "CREATE TABLE t(k TEXT PRIMARY KEY, u UNIQUE, n NOT NULL, c CHECK(c > 0),"
                        " p REFERENCES p(id)); INSERT INTO t VALUES ('a', 1, 1, 1, NULL)"));
  const auto code = [&](std::string_view sql) {
    const auto r = db.execute(sql);
    return r ? errc::internal_error : r.error().code;
  };
  EXPECT_EQ(code("INSERT INTO t VALUES ('a', 2, 1, 1, NULL)"), errc::unique_violation);
  EXPECT_EQ(code("INSERT INTO t VALUES ('b', 1, 1, 1, NULL)"), errc::unique_violation);
  EXPECT_EQ(code("INSERT INTO t VALUES ('b', 2, NULL, 1, NULL)"), errc::not_null_violation);
  EXPECT_EQ(code("INSERT INTO t VALUES ('b', 2, 1, 0, NULL)"), errc::check_violation);
  EXPECT_EQ(code("INSERT INTO t VALUES ('b', 2, 1, 1, 7)"), errc::foreign_key_violation);
}

TEST_F(sqlite_statement, half_a_statement_kept_by_or_fail_is_reported_as_applied) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE t(u UNIQUE)"));
  const auto kept = db.execute("INSERT OR FAIL INTO t VALUES (1), (2), (1)");
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().effect, side_effect::applied);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 2);
  const auto undone = db.execute("INSERT INTO t VALUES (3), (4), (1)");
  ASSERT_FALSE(undone);
  EXPECT_EQ(undone.error().effect, side_effect::none);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 2);
}

TEST_F(sqlite_statement, full_database_undoes_the_statement) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE t(a); PRAGMA max_page_count = 20"));
  const auto full = db.execute("INSERT INTO t VALUES (zeroblob(1000000))");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, errc::disk_full);
  EXPECT_EQ(full.error().effect, side_effect::none);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 0);
}

TEST_F(sqlite_statement, sink_ends_a_statement_and_the_connection_goes_on) {
  auto db = open();
  ASSERT_TRUE(db.script("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3)"));
  collected sink;
  sink.refuse_after = 1;
  const auto r = db.execute("SELECT * FROM t", {}, &sink);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().message, "the sink refused");
  EXPECT_EQ(r.error().effect, side_effect::none);
  EXPECT_EQ(sink.rows.size(), 1U);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 3);
  collected other;
  other.refuse_after = 1;
  const auto written = db.execute("DELETE FROM t RETURNING a", {}, &other);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().effect, side_effect::applied)
      << "all rows were changed before the first came";
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 0);
}

TEST_F(sqlite_statement, large_results_come_in_chunks_and_whole) {
  auto db = open();
  collected sink;
  const statement many{.sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                              "WHERE i < 2500) SELECT i FROM n",
                       .parameters = {},
                       .fetch_size = 7};
  ASSERT_TRUE(run_inline(db.it->execute(db.rt, many, &sink, db.in(10s))));
  ASSERT_EQ(sink.rows.size(), 2500U);
  EXPECT_EQ(std::get<std::int64_t>(sink.rows.back()[0]), 2500);
  EXPECT_EQ(sink.announcements, 1);
}

TEST_F(sqlite_statement, cache_of_any_size_gives_the_same_answers) {
  for (const std::uint32_t size : {0U, 1U, 2U, 64U}) {
    use({.statement_cache_size = size});
    auto db = open();
    for (int round = 0; round < 3; ++round)
      for (std::int64_t i = 0; i < 5; ++i) {
        const auto sql = "SELECT ?1 + " + std::to_string(i);
        const auto got = db.query(sql, {std::int64_t{10}});
        ASSERT_EQ(got.rows.size(), 1U);
        EXPECT_EQ(std::get<std::int64_t>(got.rows[0][0]), 10 + i);
      }
    const auto bound = db.query("SELECT ?1", {null_t{}});
    EXPECT_EQ(bound.rows[0][0].type(), value_type::null);
  }
}

TEST_F(sqlite_statement, script_runs_all_and_tells_what_stayed) {
  auto db = open();
  EXPECT_TRUE(db.script(" ; -- nothing"));
  ASSERT_TRUE(db.script("CREATE TABLE t(a); INSERT INTO t VALUES (';'); SELECT * FROM t;\n-- end"));
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 1);
  const auto half = db.script("INSERT INTO t VALUES (2); INSERT INTO nowhere VALUES (3)");
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().code, errc::unknown_object);
  EXPECT_EQ(half.error().effect, side_effect::applied);
  EXPECT_NE(half.error().message.find("statement 2 of the script"), std::string::npos);
  EXPECT_EQ(db.number("SELECT count(*) FROM t"), 2);
  const auto undone = db.script("BEGIN; INSERT INTO t VALUES (3); ROLLBACK; SELECT * FROM nowhere");
  ASSERT_FALSE(undone);
  EXPECT_EQ(undone.error().effect, side_effect::none);
  const auto committed = db.script("BEGIN; INSERT INTO t VALUES (3); COMMIT; nonsense");
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().effect, side_effect::applied);
  EXPECT_EQ(db.script("SELECT ?1").error().code, errc::parameter_count);
}

} // namespace
} // namespace holdfast::drivers::sqlite::testing
