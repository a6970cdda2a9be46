#include "drivers/postgres/driver.hpp"

namespace holdfast::drivers::postgres {

const operation_table_sql& operation_table() noexcept {
  static const operation_table_sql table{
      // Under one lock: CREATE TABLE IF NOT EXISTS collides with itself. The mark is raised by
      // triggers, so that it tells the truth about every row that ever left, also one deleted by
      // hand, under whatever search_path: an operation older than the mark may have been there.
      .create = R"(select pg_advisory_xact_lock(7236839151001);
create table if not exists holdfast_operation (
  operation_key text not null,
  fingerprint text,
  result text,
  tombstone boolean not null default false,
  created_at timestamptz not null default now(),
  constraint holdfast_operation_pkey primary key (operation_key)
);
create index if not exists holdfast_operation_created_at on holdfast_operation (created_at);
create table if not exists holdfast_operation_low_water (
  only_row boolean not null default true,
  mark timestamptz not null,
  constraint holdfast_operation_low_water_pkey primary key (only_row),
  constraint holdfast_operation_low_water_one check (only_row)
);
create or replace function holdfast_operation_raise_mark() returns trigger language plpgsql as $$
declare
  latest timestamptz := clock_timestamp();
begin
  if tg_op = 'DELETE' then
    select max(created_at) into latest from gone;
  end if;
  if latest is not null then
    execute format('insert into %I.holdfast_operation_low_water as kept (mark) values ($1) '
                   'on conflict (only_row) do update set mark = excluded.mark '
                   'where kept.mark < excluded.mark', tg_table_schema) using latest;
  end if;
  return null;
end
$$;
drop trigger if exists holdfast_operation_pruned on holdfast_operation;
create trigger holdfast_operation_pruned after delete on holdfast_operation
  referencing old table as gone
  for each statement execute function holdfast_operation_raise_mark();
drop trigger if exists holdfast_operation_emptied on holdfast_operation;
create trigger holdfast_operation_emptied after truncate on holdfast_operation
  for each statement execute function holdfast_operation_raise_mark();)",
      .exists =
          "select 1 where to_regclass('holdfast_operation') is not null "
          "and to_regclass('holdfast_operation_low_water') is not null "
          "and 2 = (select count(*) from pg_trigger where not tgisinternal and tgenabled <> 'D' "
          "and tgrelid = to_regclass('holdfast_operation') "
          "and tgname in ('holdfast_operation_pruned', 'holdfast_operation_emptied'))",
      .insert_key = "insert into holdfast_operation (operation_key, fingerprint) values ($1, $2)",
      .store_result = "update holdfast_operation set result = $1 where operation_key = $2",
      .read_key = "select fingerprint, result, tombstone from holdfast_operation "
                  "where operation_key = $1",
      .insert_tombstone =
          "insert into holdfast_operation (operation_key, tombstone) values ($1, true)",
      // What another process deletes just now is left to it.
      .prune = "delete from holdfast_operation where operation_key = any(array("
               "select operation_key from holdfast_operation "
               "where created_at < now() - make_interval(secs => $1::float8) "
               "order by created_at limit $2::bigint for update skip locked))",
      .low_water = "select extract(epoch from mark)::bigint from holdfast_operation_low_water",
      .insert_conflict = "23505",
      .key_constraint = "holdfast_operation_pkey",
  };
  return table;
}

} // namespace holdfast::drivers::postgres
