#include "drivers/sqlite/driver.hpp"
#include "drivers/sqlite/sql_text.hpp"

#include <gtest/gtest.h>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::drivers::sqlite {
namespace {

using kind = statement_kind;

TEST(sqlite_text, kind_of_the_first_statement) {
  const std::vector<std::pair<std::string_view, kind>> cases{
      {"", kind::empty},
      {" ; -- nothing\n /* at all */ ;", kind::empty},
      {"-- unfinished", kind::empty},
      {"/* unfinished", kind::empty},
      {"select 1", kind::read},
      {"\xEF\xBB\xBFSELECT 1", kind::read},
      {"/* insert */ -- delete\n SELECT 'x'", kind::read},
      {"VALUES (1)", kind::read},
      {"EXPLAIN QUERY PLAN DELETE FROM t", kind::read},
      {"with a as (select 1) select * from a", kind::read},
      {"WITH a AS (SELECT 'insert into') SELECT 1", kind::read},
      {"WITH a(x) AS (SELECT 1) INSERT INTO t SELECT x FROM a", kind::change},
      {"WITH \"delete\" AS (SELECT 1) SELECT * FROM \"delete\"", kind::read},
      {"WITH RECURSIVE a AS (SELECT 1), b AS (SELECT 2) DELETE FROM t", kind::change},
      {"WITH a AS (SELECT 1", kind::session},
      {"Insert into t values (1)", kind::change},
      {"UPDATE t SET a = 1", kind::change},
      {"DELETE FROM t", kind::change},
      {"REPLACE INTO t VALUES (1)", kind::change},
      {"CREATE TABLE t(a)", kind::schema},
      {"CREATE UNIQUE INDEX IF NOT EXISTS i ON t(a)", kind::schema},
      {"CREATE TABLE t(temp)", kind::schema},
      {"CREATE TEMP TABLE t(a)", kind::session},
      {"create temporary view v as select 1", kind::session},
      {"CREATE TABLE temp.t(a)", kind::session},
      {"CREATE TABLE IF NOT EXISTS \"temp\".t(a)", kind::session},
      {"CREATE UNIQUE INDEX IF NOT EXISTS [TEMP].i ON t(a)", kind::session},
      {"CREATE VIRTUAL TABLE `temp`.v USING x", kind::session},
      {"DROP TABLE t", kind::schema},
      {"ALTER TABLE t ADD b", kind::schema},
      {"VACUUM", kind::schema},
      {"COMMIT", kind::commit},
      {"end transaction", kind::commit},
      {"RELEASE a", kind::commit},
      {"BEGIN IMMEDIATE", kind::transaction},
      {"ROLLBACK", kind::transaction},
      {"SAVEPOINT a", kind::transaction},
      {"PRAGMA foreign_keys = off", kind::session},
      {"ATTACH 'x' AS y", kind::session},
      {"DETACH y", kind::session},
      {"selects", kind::session},
      {"?", kind::session},
  };
  for (const auto& [sql, want] : cases)
    EXPECT_EQ(static_cast<int>(kind_of(sql)), static_cast<int>(want)) << sql;
}

TEST(sqlite_text, what_is_not_known_to_read_counts_as_a_write) {
  for (const std::string_view sql :
       {"select 1", "SELECT ';delete'", "select 1;", "select 1; -- insert", "values(1); select 2",
        "with a as (select 1) select 1", "explain insert into t values(1)", ""})
    EXPECT_FALSE(may_write(sql)) << sql;
  for (const std::string_view sql :
       {"insert into t values(1)", "select 1; delete from t", "pragma journal_mode", "begin",
        "create table t(a)", "nonsense", "with a as (select 1) update t set a = 1"})
    EXPECT_TRUE(may_write(sql)) << sql;
}

TEST(sqlite_text, blank_tail) {
  EXPECT_TRUE(is_blank(" ;\n-- the end"));
  EXPECT_FALSE(is_blank("; select 1"));
  EXPECT_FALSE(is_blank("'"));
}

TEST(sqlite_settings, path_is_checked_before_anything_is_opened) {
  EXPECT_FALSE(validate({"app.db", {}}));
  EXPECT_FALSE(validate({":memory:", {}}));
  EXPECT_EQ(validate({"", {}})->code, errc::invalid_configuration);
  EXPECT_EQ(validate({std::string("a\0b", 3), {}})->code, errc::invalid_configuration);
  EXPECT_EQ(validate({":memory:", {.read_only = true}})->code, errc::invalid_configuration);
  EXPECT_TRUE(is_memory(":memory:"));
  EXPECT_FALSE(is_memory("memory"));
}

TEST(sqlite_driver, answers_what_the_facade_asks) {
  const auto driver = make_driver({"app.db", {}});
  EXPECT_EQ(driver->engine(), "sqlite");
  EXPECT_EQ(driver->host(), "app.db");
  EXPECT_EQ(driver->placeholder(3), "?3");
  EXPECT_TRUE(driver->single_writer());
  EXPECT_TRUE(driver->writes("delete from t"));
  EXPECT_FALSE(driver->writes("select 1"));
  EXPECT_EQ(driver->max_parameters(), 32766U);
  EXPECT_EQ(driver->operation_table().insert_conflict, "1555");
  EXPECT_TRUE(driver->condemns_host(make_error(errc::io_failure, "")));
  EXPECT_FALSE(driver->condemns_host(make_error(errc::permission_denied, "")));
}

} // namespace
} // namespace holdfast::drivers::sqlite
