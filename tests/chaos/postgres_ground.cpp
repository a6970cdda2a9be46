#include "chaos/postgres_ground.hpp"

#include <holdfast/postgres.hpp>

namespace holdfast::matrix {

namespace {

testing::postgres_server& started(testing::postgres_server& server) {
  server.start();
  server.wait_ready();
  return server;
}

constexpr dialect ours{
    .echo = "select $1::bigint",
    .slow_echo = "select $1::bigint from pg_sleep(0.03)",
    .slowest_echo = "select $1::bigint from pg_sleep(0.2)",
    .withdraw = "update account set balance = balance - $1 where id = $2",
    .deposit = "update account set balance = balance + $1 where id = $2",
    .enter = "insert into entry values ($1)",
    .count_entries = "select id, count(*) from entry group by id",
    .sum_accounts = "select sum(balance)::bigint from account",
    .traces = true,
};

} // namespace

database enter_as_boss(testing::postgres_server& server) {
  database_options o;
  o.name = "boss";
  o.application_name = "boss";
  o.log.enabled = false;
  o.pool.min_size = 1;
  o.pool.max_size = 1; // so that descriptors can be counted
  o.postgres.options = "-c default_transaction_read_only=off -c statement_timeout=0";
  return postgres::connect(server.url(), o);
}

testing::postgres_server_options fast_server() {
  testing::postgres_server_options o;
  o.fsync = false;
  o.settings = {"deadlock_timeout = 20ms"};
  return o;
}

postgres_ground::postgres_ground(testing::postgres_server_options options)
    : server{std::move(options)}, boss_{enter_as_boss(started(server))} {
  const std::string password = server.password().empty() ? "" : " password 'first'";
  boss_.script("create role app login" + password + "; grant create on schema public to app");
  // Makes the operation table, and whatever the library makes once: cells count threads.
  database_options o;
  o.log.enabled = false;
  o.operation_keys.enabled = true;
  if (!password.empty()) o.credentials.password = secret{"first"};
  auto first = postgres::connect(url(server.port()), o);
  (void)first.close(std::chrono::seconds{2});
}

void postgres_ground::make_tables() {
  // No key: a write that is made twice has to show.
  boss_.script("drop table if exists account, entry;"
               "create table account (id bigint primary key, balance bigint not null);"
               "create table entry (id bigint not null);"
               "create index on entry (id);"
               "grant all on account, entry to app");
  boss_.execute("insert into account select i, $1 from generate_series(0, $2 - 1) i",
                opening_balance, account_count);
}

void postgres_ground::end_sessions() {
  (void)boss_.try_query<bool>(
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'");
}

std::string postgres_ground::url(std::uint16_t port) const {
  return "postgresql://app@127.0.0.1:" + std::to_string(port) + "/postgres";
}

database postgres_ground::connect(const std::string& url, const database_options& options) const {
  return postgres::connect(url, options);
}

std::string postgres_ground::title() const {
  return fmt::format("PostgreSQL {}, fsync off", server.version());
}

const dialect& postgres_ground::words() const noexcept { return ours; }

void postgres_ground::mend() {
  server.resume();
  server.restart();
}

void postgres_ground::follow(testing::postgres_server& other) { boss_ = enter_as_boss(other); }

} // namespace holdfast::matrix
