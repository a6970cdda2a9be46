#include "chaos/sqlite_ground.hpp"

#include "chaos/play.hpp"

#include <holdfast/sqlite.hpp>

#include <cerrno>
#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <system_error>

namespace holdfast::matrix {

namespace {

/// A million turns take some 50 ms.
#define HOLDFAST_COUNT_TO(n)                                                                       \
  "with recursive turn(i) as (select 1 union all select i + 1 from turn where i < " n ") "         \
  "select ?1 from (select count(*) from turn)"

constexpr dialect ours{
    .echo = "select ?1",
    .slow_echo = HOLDFAST_COUNT_TO("1000000"),
    .slowest_echo = HOLDFAST_COUNT_TO("4000000"),
    .withdraw = "update account set balance = balance - ?1 where id = ?2",
    .deposit = "update account set balance = balance + ?1 where id = ?2",
    .enter = "insert into entry values (?1)",
    .count_entries = "select id, count(*) from entry group by id",
    .sum_accounts = "select sum(balance) from account",
};

#undef HOLDFAST_COUNT_TO

std::filesystem::path make_folder() {
  std::string name = std::filesystem::temp_directory_path() / "holdfast-chaos-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "mkdtemp");
  return name;
}

database enter_as_boss(const std::string& file) {
  database_options o;
  o.name = "boss";
  o.log.enabled = false;
  o.operation_keys.enabled = true;
  o.pool.min_size = 1;
  o.pool.max_size = 1; // so that descriptors can be counted
  return holdfast::sqlite::connect(file, o);
}

} // namespace

sqlite_ground::sqlite_ground() : folder_{make_folder()}, boss_{enter_as_boss(file())} {}

sqlite_ground::~sqlite_ground() {
  (void)boss_.close(std::chrono::seconds{2});
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void sqlite_ground::make_tables() {
  // No key: a write that is made twice has to show.
  boss_.script("drop table if exists account; drop table if exists entry;"
               "create table account (id integer primary key, balance integer not null);"
               "create table entry (id integer not null);"
               "create index entry_id on entry (id)");
  boss_.execute("with recursive n(i) as (select 0 union all select i + 1 from n where i < ?2 - 1) "
                "insert into account select i, ?1 from n",
                opening_balance, account_count);
}

std::string sqlite_ground::url(std::uint16_t) const { return file(); }

database sqlite_ground::connect(const std::string& url, const database_options& options) const {
  return holdfast::sqlite::connect(url, options);
}

std::size_t sqlite_ground::spare_descriptors() const { return brisk().pool.max_size; }

std::string sqlite_ground::title() const {
  return fmt::format("SQLite {}, a file in WAL mode, synchronous full", sqlite3_libversion());
}

const dialect& sqlite_ground::words() const noexcept { return ours; }

const dialect& sqlite_words() noexcept { return ours; }

} // namespace holdfast::matrix
