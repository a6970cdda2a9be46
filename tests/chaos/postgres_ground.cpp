#include "chaos/postgres_ground.hpp"

#include <holdfast/postgres.hpp>

#include <array>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

testing::postgres_server& started(testing::postgres_server& server) {
  server.start();
  server.wait_ready();
  return server;
}

/// Room that a backend needs for small things, and less than a write of `limit_memory` takes.
constexpr std::uint64_t spare_memory = 6 << 20;

/// The lengths of rows and of messages that end a reply: negative, huge, or merely wrong.
constexpr std::array corruptions{
    "corrupt at=row_length row=1 mask=255 probability=0.05",
    "corrupt at=row_length row=1 mask=127 probability=0.02",
    R"(corrupt pattern="Z\x00\x00\x00" direction=to_client mask=255 probability=0.03)",
    R"(corrupt pattern="C\x00\x00" direction=to_client mask=255 probability=0.02)",
};

constexpr std::array shutdown{errc::connection_lost};
constexpr std::array corrupted{errc::connection_lost, errc::protocol_violation};

constexpr dialect ours{
    .echo = "select $1::bigint",
    .slow_echo = "select $1::bigint from pg_sleep(0.03)",
    .slowest_echo = "select $1::bigint from pg_sleep(0.2)",
    .withdraw = "update account set balance = balance - $1 where id = $2",
    .deposit = "update account set balance = balance + $1 where id = $2",
    .enter = "insert into entry (id) values ($1)",
    .count_entries = "select id, count(*) from entry group by id",
    .sum_accounts = "select sum(balance)::bigint from account",
    .traces = true,
    .hold_accounts = "lock table account in exclusive mode",
    .short_lock_waits = "set lock_timeout = 30",
    .lock_limit = 30ms,
    .short_statements = "set statement_timeout = 100",
    .short_rests = "set idle_session_timeout = 30",
    .rest_limit = 30ms,
    .shutdown = shutdown,
    .corruptions = corruptions,
    .corrupted = corrupted,
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

std::unique_ptr<server_ground> postgres_ground::another(const server_needs& needs) const {
  auto options = fast_server();
  options.password = needs.password;
  options.tls = needs.tls;
  // The server's allocator keeps nothing large for the next one.
  if (needs.returns_memory)
    options.environment = {"GLIBC_TUNABLES=glibc.malloc.mmap_threshold=65536"};
  return std::make_unique<postgres_ground>(std::move(options));
}

void postgres_ground::start() {
  server.start();
  server.wait_ready();
}

void postgres_ground::end_a_session() {
  (void)boss_.try_query<bool>("select pg_terminate_backend(pid) from pg_stat_activity where "
                              "usename = 'app' order by random() limit 1");
}

void postgres_ground::set_read_only(bool on) {
  boss_.execute(on ? "alter system set default_transaction_read_only = on"
                   : "alter system reset default_transaction_read_only");
  (void)boss_.query_value<bool>("select pg_reload_conf()");
}

/// Of the callers' role.
void postgres_ground::take_places(bool on) {
  boss_.execute(on ? "alter role app connection limit 0" : "alter role app connection limit -1");
  if (on) end_sessions();
}

void postgres_ground::set_password(const std::string& word) {
  boss_.script("alter role app password '" + word + "'");
}

void postgres_ground::renew_certificate(std::chrono::seconds valid_for) {
  server.renew_certificate(valid_for);
}

/// By a limit of the size of files: PostgreSQL tells a write that was cut short as a full disk. The
/// table is to be larger than a WAL segment, so that it alone meets the limit.
void postgres_ground::prepare_full_disk() {
  boss_.script("alter table entry set (autovacuum_enabled = off);"
               "alter table entry add filler text;"
               "alter table entry alter filler set storage plain;"
               "insert into entry select -i, repeat('x', 7000) from generate_series(1, 2200) i;"
               "delete from entry where id < 0");
}

void postgres_ground::fill_disk() {
  const auto size = boss_.query_value<std::int64_t>("select pg_relation_size('entry')").value();
  server.limit_file_size(static_cast<std::uint64_t>(size) + 100);
  // What is left in pages that are there already.
  const auto filled =
      boss_.try_execute("insert into entry select -i from generate_series(1, 500000) i");
  if (filled || filled.error().code != errc::disk_full)
    throw testing::server_error("the disk was not full");
}

/// By a limit of the address space: each write needs 8 MB for a moment, as a sort would.
void postgres_ground::limit_memory(bool on) {
  if (on)
    boss_.script("create or replace function hungry() returns trigger language plpgsql as "
                 "$$ begin perform length(format('%4300000s', '')); return new; end $$;"
                 "create or replace trigger hungry before insert on entry "
                 "for each row execute function hungry()");
  server.limit_memory(on ? std::optional{spare_memory} : std::nullopt);
}

void postgres_ground::mend() {
  server.resume();
  server.restart();
}

void postgres_ground::follow(testing::postgres_server& other) { boss_ = enter_as_boss(other); }

} // namespace holdfast::matrix
