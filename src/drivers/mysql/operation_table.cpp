#include "drivers/mysql/driver.hpp"

namespace holdfast::drivers::mysql {

const operation_table_sql& operation_table() noexcept {
  static const operation_table_sql table{
      // InnoDB whatever the default is: the key must come and go with the transaction. Keys are
      // bytes: no collation takes two for one.
      .create = R"(create table if not exists holdfast_operation (
  operation_key varbinary(200) not null,
  fingerprint varchar(64) character set ascii,
  result longtext character set utf8mb4,
  tombstone boolean not null default false,
  created_at timestamp not null default current_timestamp,
  primary key (operation_key),
  key holdfast_operation_created_at (created_at)
) engine = InnoDB;
create table if not exists holdfast_operation_low_water (
  only_row tinyint not null default 1,
  mark bigint not null,
  primary key (only_row)
) engine = InnoDB;)",
      .exists = "select 1 from information_schema.tables where table_schema = database() "
                "and table_name in ('holdfast_operation', 'holdfast_operation_low_water') "
                "and engine = 'InnoDB' having count(*) = 2",
      .insert_key = "insert into holdfast_operation (operation_key, fingerprint) values (?, ?)",
      .store_result = "update holdfast_operation set result = ? where operation_key = ?",
      .read_key = "select fingerprint, result, tombstone from holdfast_operation "
                  "where operation_key = ?",
      .insert_tombstone =
          "insert into holdfast_operation (operation_key, tombstone) values (?, true)",
      // Never above the mark, which may have been raised some time before.
      .prune = "delete from holdfast_operation where created_at < from_unixtime(least("
               "unix_timestamp() - ?, (select mark from holdfast_operation_low_water))) "
               "order by created_at limit ?",
      // No trigger: the right to make one is rare here, more so with a binary log. So the mark is
      // raised by the age of what is about to be deleted.
      .raise_mark = "insert into holdfast_operation_low_water (mark) values (unix_timestamp() - ?) "
                    "on duplicate key update mark = greatest(mark, values(mark))",
      .low_water = "select mark from holdfast_operation_low_water",
      .insert_conflict = "1062",
      .key_constraint = "PRIMARY",
  };
  return table;
}

} // namespace holdfast::drivers::mysql
