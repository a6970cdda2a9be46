#include "drivers/mysql/sql_text.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::drivers::mysql {
namespace {

// w: writes, d: dirties the session, t: controls a transaction, c: may commit, s: several
// statements, n: says NOWAIT.
std::string facts_of(std::string_view sql) {
  const auto f = classify(sql);
  std::string letters;
  if (f.writes) letters += 'w';
  if (f.dirties) letters += 'd';
  if (f.controls_transaction) letters += 't';
  if (f.may_commit) letters += 'c';
  if (f.several) letters += 's';
  if (f.waits_not) letters += 'n';
  return letters;
}

struct text_case {
  std::string_view sql;
  std::string_view facts;
};

void expect_all(const std::vector<text_case>& cases) {
  for (const auto& k : cases) EXPECT_EQ(facts_of(k.sql), k.facts) << k.sql;
}

TEST(mysql_text, plain_statements) {
  expect_all({
      {"select 1", ""},
      {"  SELECT 1 ;", ""},
      {"select 1; -- done", ""},
      {"(select 1) union (select 2)", ""},
      {"values (1)", ""},
      {"table t", ""},
      {"with a as (select 1) select * from a", ""},
      {"insert into t values (1)", "w"},
      {"insert ignore into t select 1 on duplicate key update a = 1", "w"},
      {"replace into t values (1)", "w"},
      {"Update t set a = 1", "w"},
      {"DELETE FROM t", "w"},
      {"with a as (select 1) delete t from t join a", "w"},
      {"show status", "d"},
      {"explain select 1", "d"},
      {"explain delete from t", "wd"},
      {"describe t", "d"},
      {"use app", "d"},
      {"prepare p from 'delete from t'", "d"},
      {"do sleep(1)", "d"},
      {"set names utf8mb4", "d"},
      {"set @@sql_mode = ''", "d"},
      {"", "d"},
      {" -- nothing", "d"},
      {";", "d"},
      {"/* a */ ; # b", "d"},
  });
}

TEST(mysql_text, what_runs_others_and_so_may_have_done_a_part) {
  for (const auto* sql :
       {"call p()", "execute p", "execute immediate 'delete from t'", "/* x */ CALL p()",
        "begin not atomic insert into t values (1); delete from u; end",
        "if 1 then call p(); end if", "a: loop call p(); end loop",
        "set statement max_statement_time = 1 for call p()", "select 1 /*! , 2 */",
        "/*!50000 call p() */", "nonsense", "\\"})
    EXPECT_TRUE(classify(sql).runs_others) << sql;
  for (const auto* sql :
       {"select 1", "(select 1)", "with a as (select 1) delete from t", "insert into t values (1)",
        "do 0", "set names utf8mb4", "explain delete from t", "begin", "begin work", "commit",
        "xa end 'x'", "rollback", "truncate t", "alter table t add b int",
        "create procedure p() begin call q(); call r(); end", "signal sqlstate '45000'", "use app",
        "select 'call p()'", ""})
    EXPECT_FALSE(classify(sql).runs_others) << sql;
}

TEST(mysql_text, how_far_a_script_may_have_committed) {
  const auto within = [](std::string_view sql, std::size_t ended, bool in_block = false) {
    return may_have_committed(sql, ended, in_block);
  };
  constexpr std::string_view plain =
      "start transaction; update t set a = 1; update u; commit; select 1";
  EXPECT_FALSE(within(plain, 0));
  EXPECT_FALSE(within(plain, 2));
  EXPECT_TRUE(within(plain, 3));
  EXPECT_TRUE(within(plain, 4));
  EXPECT_TRUE(within(plain, 0, true)) << "it commits the block that it stands in";
  EXPECT_FALSE(within("create table t (a int); select 1", 0));
  EXPECT_TRUE(within("call p(); select 1", 0));
  EXPECT_TRUE(within("begin; insert into t values (1); begin; select 1", 2));
  EXPECT_TRUE(within("begin; insert into t values (1); create table u (a int)", 2));
  EXPECT_FALSE(within("update t; update u; create table v (a int)", 1, true));
  EXPECT_TRUE(within("update t; rollback; update u", 2, true));
  EXPECT_FALSE(within("update t; update u", sql_facts::whole_text, true));
  EXPECT_TRUE(within("begin; select 1 /*! , 2 */; select 3", 2));
  EXPECT_TRUE(within("begin; select '\\'; commit; select ''", 3)) << "with NO_BACKSLASH_ESCAPES";
}

TEST(mysql_text, what_ends_a_transaction_by_the_way) {
  expect_all({
      {"create table t(a int)", "wdc"},
      {"alter table t add b int", "wdc"},
      {"drop table t", "wdc"},
      {"rename table t to u", "wdc"},
      {"truncate t", "wdc"},
      {"grant select on t to u", "wdc"},
      {"create user u", "wdc"},
      {"set password = 'x'", "wdtc"},
      {"set autocommit = 1", "wdtc"},
      {"set @@session.autocommit = 0", "wdtc"},
      {"set statement max_statement_time = 1 for delete from t", "wdtc"},
      {"lock tables t write", "wdc"},
      {"unlock tables", "wdc"},
      {"analyze table t", "wdc"},
      {"flush tables", "wdc"},
      {"load data infile 'x' into table t", "wdc"},
      {"call p()", "wdc"},
      {"execute p", "wdc"},
      {"begin not atomic delete from t; end", "wdtcs"},
      {"nonsense", "wdc"},
      // These do not.
      {"create temporary table t(a int)", "wd"},
      {"create or replace temporary table t(a int)", "wd"},
      {"drop temporary table t", "wd"},
      {"create table temporary(a int)", "wdc"},
  });
}

TEST(mysql_text, what_begins_and_ends_transactions) {
  expect_all({
      {"begin", "wdtc"}, // it commits an open one
      {"start transaction read only", "wdtc"},
      {"savepoint a", "dt"},
      {"rollback", "dt"},
      {"rollback to a", "dt"},
      {"release savepoint a", "dt"},
      {"commit", "wdtc"},
      {"COMMIT AND CHAIN", "wdtc"},
      {"/* x */ commit", "wdtc"},
      {"xa end 'x'", "wdtc"},
      {"select 'commit'", ""},
  });
}

TEST(mysql_text, several_statements) {
  expect_all({
      {"select 1; select 2", "s"},
      {"select 1;; select 2", "s"},
      {"select ';'", ""},
      {"select 1; delete from t", "ws"},
      {"select 1; commit", "wdtcs"},
      {"delete from t; select 1", "ws"},
      {"select 1; (select 2)", "s"},
      {"select 1; 2", "wdcs"},
  });
}

TEST(mysql_text, locking_reads_change_nothing) {
  expect_all({
      {"select * from t for update", ""},
      {"select * from t FOR UPDATE skip locked", ""},
      {"select * from t for /* x */ update nowait", "n"},
      {"select * from t lock in share mode", ""},
      {"lock tables t write NOWAIT", "wdcn"},
  });
}

TEST(mysql_text, reads_with_effects) {
  expect_all({
      {"select nextval(s)", "w"},
      {"select NEXTVAL (s)", "w"},
      {"select next value for s", "w"},
      {"select setval(s, 1)", "w"},
      {"select * from t into outfile 'x'", "wd"},
      {"select a into @b from t", "wd"},
      {"select @a := 1", "wd"},
      {"select get_lock('a', 1)", "wd"},
      {"select RELEASE_LOCK ('a')", "wd"},
      {"do release_all_locks()", "wd"},
      {"insert into t values (get_lock('a', 1))", "wd"},
      {"set @a = nextval(s)", "wd"},
      // Functions on texts, and names.
      {"select insert('abc', 1, 1, 'x'), replace ('a', 'b', 'c')", ""},
      {"select get_lock, release_lock from t", ""},
      {"select last_insert_id(), @a, :a", ""},
      {"select count(*), now(), lower('x') from t", ""},
  });
}

// Each hides a word with effects from a reader who does not know how MySQL reads.
TEST(mysql_text, hostile_texts_hide_no_write) {
  using namespace std::string_view_literals;
  expect_all({
      {"select 1 # '\n, nextval(s)", "w"},
      {"select 1 -- '\n, nextval(s)", "w"},
      {"select 1 --\t'\n, nextval(s)", "w"},
      {"select 1 --'a', nextval(s)", "w"}, // minus minus a text
      {"select 1 --1, nextval(s)", "w"},
      {"select 1 -- a\r b\n, nextval(s)", "w"},
      {"select 1 # \0, nextval(s)"sv, "w"},
      {"select 1 /* ' */, nextval(s)", "w"},
      {"select 1 /* /* */, nextval(s)", "w"}, // they do not nest
      {"select '/*', nextval(s) -- */", "w"},
      {"select '#', nextval(s)", "w"},
      {"select 'it''s', nextval(s)", "w"},
      {"select \"a\"\"b\", nextval(s)", "w"},
      {"select `a``'b`, nextval(s)", "w"},
      {"select `a\\`, nextval(s)", "w"}, // no escape in a name
      {"select '\\'', nextval(s), ''", "w"},
      {"select \"\\\"\", nextval(s), \"\"", "w"},
      {"select get_lock/**/('a', 1)", "wd"},
      {"select get_lock # x\n ('a', 1)", "wd"},
      {"select `get_lock` ('a', 1)", "wd"},
      {"select \"get_lock\"('a', 1)", "wd"}, // with ANSI_QUOTES
      {"select 1into @a", "wd"},
      {"select _utf8'x', N'y', x'00', nextval(s)", "w"},
      {"select gr\xC3\xBC\xC3\x9F, nextval(s)", "w"},
      {"/* select 1 */ delete from t", "w"},
      {"# select 1\ndelete from t", "w"},
      // With NO_BACKSLASH_ESCAPES the text ends at the second quote.
      {"select '\\', nextval(s), '\\'", "w"},
      // Servers from that version on run it.
      {"select 1 /*!50000 into outfile 'x' */", "wdtc"},
      {"select 1 /*! , nextval(s) */", "wdtc"},
      {"select 1 /*M!100000 , nextval(s) */", "wdtc"},
      {"/*! delete from t */", "wdtc"},
      {"select 1 /*! ; delete from t */", "wdtcs"},
  });
}

TEST(mysql_text, hostile_texts_invent_no_write) {
  expect_all({
      {"select 'delete from t'", ""},
      {"select \"delete from t\"", ""},
      {"select `delete` from t", ""},
      {"select 1 /* delete from t */", ""},
      {"select 1 /*+ no_index_merge(t) */", ""}, // a hint
      {"select 1 -- delete from t", ""},
      {"select 1 # delete from t", ""},
      {"select 1 --", ""},
      {"select '/*! delete */'", ""},
      {"select deleted, inserted, update_time from t", ""},
      {"select 1e5, 0x1F, .5, ?, $1", ""},
      {"select 'a\\\\b', 'c\\nd'", ""},
      {"with `delete` as (select 1) select * from `delete`", ""},
  });
}

TEST(mysql_text, unfinished_texts_end) {
  for (const std::string_view sql :
       {"select '", "select \"", "select `", "select /*", "select '\\", "select --",
        "-",        "\"",        "\"(",      "'",         "`",          "`(",
        "/",        "/*!",       "#",        ":",         ":=",         "select `get_lock`",
        ";'",       "\\"})
    (void)classify(sql);
  EXPECT_EQ(facts_of("select ' , nextval(s)"), "");
}

TEST(mysql_text, long_text_takes_linear_time) {
  std::string sql = "select ";
  for (int i = 0; i < 300'000; ++i) sql += "a,";
  EXPECT_EQ(facts_of(sql + "nextval(s)"), "w");
  std::string comments;
  for (int i = 0; i < 150'000; ++i) comments += "/**/";
  EXPECT_EQ(facts_of("select 1 " + comments), "");
  EXPECT_EQ(facts_of("select 1" + std::string(300'000, ';')), "");
}

} // namespace
} // namespace holdfast::drivers::mysql
