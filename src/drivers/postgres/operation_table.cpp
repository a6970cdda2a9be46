#include "drivers/postgres/driver.hpp"

namespace holdfast::drivers::postgres {

const operation_table_sql& operation_table() noexcept {
  static const operation_table_sql table{
      // Under one lock: CREATE TABLE IF NOT EXISTS collides with itself.
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
);)",
      .exists = "select 1 where to_regclass('holdfast_operation') is not null "
                "and to_regclass('holdfast_operation_low_water') is not null",
      .insert_key = "insert into holdfast_operation (operation_key, fingerprint) values ($1, $2)",
      .store_result = "update holdfast_operation set result = $1 where operation_key = $2",
      .read_key = "select fingerprint, result, tombstone from holdfast_operation "
                  "where operation_key = $1",
      .insert_tombstone =
          "insert into holdfast_operation (operation_key, tombstone) values ($1, true)",
      .prune = "with cutoff as (select now() - make_interval(secs => $1::float8) as moment), "
               "gone as (delete from holdfast_operation "
               "where created_at < (select moment from cutoff)) "
               "insert into holdfast_operation_low_water as kept (mark) select moment from cutoff "
               "on conflict (only_row) do update set mark = greatest(kept.mark, excluded.mark)",
      .low_water = "select extract(epoch from mark)::bigint from holdfast_operation_low_water",
      .insert_conflict = "23505",
      .key_constraint = "holdfast_operation_pkey",
  };
  return table;
}

} // namespace holdfast::drivers::postgres
