#include "drivers/postgres/driver.hpp"
#include "drivers/postgres/sql_text.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::drivers::postgres {
namespace {

// w: writes, d: dirties the session, t: controls a transaction, c: COPY with the client, p: drops
// prepared statements.
std::string facts_of(std::string_view sql) {
  const auto f = classify(sql);
  std::string letters;
  if (f.writes) letters += 'w';
  if (f.dirties) letters += 'd';
  if (f.controls_transaction) letters += 't';
  if (f.streams_copy) letters += 'c';
  if (f.drops_statements) letters += 'p';
  return letters;
}

struct text_case {
  std::string_view sql;
  std::string_view facts;
};

void expect_all(const std::vector<text_case>& cases) {
  for (const auto& k : cases) EXPECT_EQ(facts_of(k.sql), k.facts) << k.sql;
}

TEST(postgres_text, plain_statements) {
  expect_all({
      {"select 1", ""},
      {"  SELECT 1 ;", ""},
      {"(select 1) union (select 2)", ""},
      {"values (1)", ""},
      {"table t", ""},
      {"with a as (select 1) select * from a", ""},
      {"insert into t values (1)", "w"},
      {"insert into t select 1 on conflict do update set a = 1", "w"},
      {"Update t set a = 1", "w"},
      {"DELETE FROM t", "w"},
      {"merge into t using s on true when matched then delete", "w"},
      {"truncate t", "wd"},
      {"create table t(a int)", "wd"},
      {"create temp table t(a int)", "wd"},
      {"grant select on t to u", "wd"},
      {"call p()", "wd"},
      {"do $$ begin end $$", "wd"},
      {"notify a", "wd"},
      {"vacuum", "wd"},
      {"nonsense", "wd"},
      {"show work_mem", "d"},
      {"set work_mem = '1MB'", "d"},
      {"reset all", "d"},
      {"listen a", "d"},
      {"unlisten *", "d"},
      {"lock table t", "d"},
      {"fetch 10 from c", "d"},
      {"declare c cursor for select 1", "d"},
      {"", "d"},
      {" -- nothing", "d"},
      {";", "d"},
  });
}

TEST(postgres_text, what_begins_and_ends_transactions) {
  expect_all({
      {"begin", "dt"},
      {"start transaction", "dt"},
      {"savepoint a", "dt"},
      {"rollback", "dt"},
      {"abort", "dt"},
      {"release a", "dt"},
      {"commit", "wdt"},
      {"COMMIT AND CHAIN", "wdt"},
      {"/* x */ end", "wdt"},
      {"prepare transaction 'x'", "wdt"},
      {"select 'commit'", ""},
  });
}

TEST(postgres_text, copy_with_the_client_and_prepared_statements) {
  expect_all({
      {"copy t from stdin", "wdc"},
      {"copy t to STDOUT", "wdc"},
      {"copy t from '/tmp/stdin'", "wd"},
      {"copy t to program 'cat'", "wd"},
      {"select stdin from t", ""},
      {"deallocate all", "dp"},
      {"deallocate prepare all", "dp"},
      {"discard all", "dp"},
      {"begin; deallocate all", "dtp"},
      // Ours are still there.
      {"deallocate mine", "d"},
      {"discard plans", "d"},
      {"discard temp", "d"},
      {"select discard, deallocate from t", ""},
      {"select 1 union all select 2", ""},
  });
}

TEST(postgres_text, locking_reads_change_nothing) {
  expect_all({
      {"select * from t for update", ""},
      {"select * from t FOR UPDATE skip locked", ""},
      {"select * from t for no key update", ""},
      {"select * from t for /* x */ update", ""},
      {"select * from t for share", ""},
      {"select * from t for key share", ""},
  });
}

TEST(postgres_text, reads_with_a_write_within) {
  expect_all({
      {"with a as (delete from t returning *) select * from a", "w"},
      {"with a as (select 1) insert into t select * from a", "w"},
      {"with a(x) as (update t set x = 1 returning x) select 1 for update", "w"},
      {"with a as materialized (merge into t using s on true when matched then do nothing) select "
       "1",
       "w"},
      {"select * into t from s", "wd"},
      {"select 1 into temp t", "wd"},
      {"with a as (select 1) select * into t from a", "wd"},
      {"with a as (insert into t values (1) returning *) select * into u from a", "wd"},
      {"explain select 1", "d"},
      {"explain analyze delete from t", "wd"},
      {"explain (analyze) execute p", "wd"},
      {"explain analyze create table t as select 1", "wd"},
      {"explain analyze select nextval('s')", "wd"},
      {"declare c cursor with hold for select nextval('s')", "wd"},
  });
}

TEST(postgres_text, functions_with_effects) {
  expect_all({
      {"select nextval('s')", "w"},
      {"select NEXTVAL ('s')", "w"},
      {"select pg_catalog.setval('s', 1)", "w"},
      {"select pg_notify('a', 'b')", "w"},
      {"select lo_unlink(1)", "w"},
      {"select pg_terminate_backend(1)", "w"},
      {"select pg_create_logical_replication_slot('a', 'b')", "w"},
      {"select pg_logical_slot_get_changes('a', null, null)", "w"},
      {"select pg_stat_reset()", "w"},
      {"select set_config('work_mem', '1MB', false)", "wd"},
      {"select pg_advisory_lock(1)", "wd"},
      {"select pg_try_advisory_lock(1)", "wd"},
      {"select * from dblink('x', 'delete from t') as d(a int)", "wd"},
      {"insert into t values (set_config('a.b', 'c', false))", "wd"},
      // Not called.
      {"select nextval from t", ""},
      {"select 'nextval(1)'", ""},
      {"select set_config as a from t", ""},
      {"select count(*), now(), lower('x') from t", ""},
  });
}

// Each hides a word with effects from a reader who does not know how PostgreSQL reads.
TEST(postgres_text, hostile_texts_hide_no_write) {
  expect_all({
      {"select nextval/**/('s')", "w"},
      {"select nextval -- x\n ('s')", "w"},
      {"select nextval\f('s')", "w"},
      {"select \"nextval\"('s')", "w"},
      {"select \"set_config\" ('a.b', 'c', false)", "wd"},
      {"with a as (select 1 -- \r), b as (delete from t returning 1) select 1", "w"},
      {"select '--', nextval('s')", "w"},
      {"select '/*', nextval('s') -- */", "w"},
      {"select /* /* */ ' */ nextval('s')", "w"},
      {"select 'it''s', nextval('s')", "w"},
      {"select '\\', nextval('s'), '\\'", "w"},
      {"select e'\\'', nextval('s'), ''", "w"},
      {"select E'a'\n'\\'', nextval('s')", "w"},
      {"select e'a' -- x\n '\\'', nextval('s')", "w"},
      {"select \"a\"\"b\", nextval('s')", "w"},
      {"select \"\"(), nextval('s')", "w"},
      {"select $$ ' $$, nextval('s')", "w"},
      {"select $a$ $b$ $a$, nextval('s')", "w"},
      {"select $1, nextval('s'), $2", "w"},
      {"select $1$$ ' $$, nextval('s')", "w"},
      {"select 1$$ ' $$, nextval('s')", "w"},
      {"select a$b$c, nextval('s'), $b$ $b$", "w"},
      {"select 1into t", "wd"},
      {"select $1into t", "wd"},
      {"select u&'\\0027', nextval('s')", "w"},
      {"select gr\xC3\xBC\xC3\x9F, nextval('s')", "w"},
      {"/* select 1 */ delete from t", "w"},
      {"-- select 1\rdelete from t", "w"},
  });
}

TEST(postgres_text, hostile_texts_invent_no_write) {
  expect_all({
      {"select 'delete from t'", ""},
      {"select $$delete from t$$", ""},
      {"select $x$ $$ delete $$ $x$", ""},
      {"select e'\\' delete ', 1", ""},
      {"select E'a'\n'\\' delete '", ""},
      {"select \"delete\" from t", ""},
      {"select 1 /* delete /* from */ t */", ""},
      {"select 1 -- delete from t", ""},
      {"select deleted, inserted, update_time from t", ""},
      {"select 1e5, 0x1F, .5, $1, $22", ""},
      {"with \"delete\" as (select 1) select * from \"delete\"", ""},
  });
}

TEST(postgres_text, unfinished_texts_end) {
  for (const std::string_view sql :
       {"select '", "select \"", "select $$", "select $a$ $", "select /*", "select e'\\",
        "select --", "$", "\"", "\"(", "'", "e'", "e'a'\n'", "/", "-", "select \"nextval\"", "$1"})
    (void)classify(sql);
  EXPECT_EQ(facts_of("select ' , nextval('s"), "");
}

TEST(postgres_text, long_text_takes_linear_time) {
  std::string sql = "select ";
  for (int i = 0; i < 300'000; ++i) sql += "a,";
  EXPECT_EQ(facts_of(sql + "nextval('s')"), "w");
  std::string nested(600'000, '/');
  for (std::size_t i = 1; i < nested.size(); i += 2) nested[i] = '*';
  EXPECT_EQ(facts_of("select 1 " + nested), "");
}

TEST(postgres_driver, answers_what_the_facade_asks) {
  settings s;
  s.server = {"db.example.org", 5433};
  const auto driver = make_driver(s);
  EXPECT_EQ(driver->engine(), "postgresql");
  EXPECT_EQ(driver->host(), "db.example.org:5433");
  EXPECT_EQ(driver->placeholder(3), "$3");
  EXPECT_FALSE(driver->single_writer());
  EXPECT_TRUE(driver->writes("delete from t"));
  EXPECT_FALSE(driver->writes("select 1"));
  EXPECT_EQ(driver->max_parameters(), 65'535U);
  EXPECT_EQ(driver->operation_table().insert_conflict, "23505");
  s.server = {"/run/postgresql"};
  EXPECT_EQ(peer_of(s), "/run/postgresql/.s.PGSQL.5432");
  s.server = {"::1", 6000};
  EXPECT_EQ(peer_of(s), "[::1]:6000");
}

} // namespace
} // namespace holdfast::drivers::postgres
