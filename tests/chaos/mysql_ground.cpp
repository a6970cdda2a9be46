#include "chaos/mysql_ground.hpp"

#include <holdfast/mysql.hpp>

#include <array>
#include <fmt/format.h>

namespace holdfast::matrix {

namespace {

using namespace std::chrono_literals;

/// Room for small things, and less than a write of `limit_memory` takes.
constexpr std::uint64_t spare_memory = 3 << 20;

// What stands behind a length may say anything, so nothing else can be known for spoilt.
constexpr std::array corruptions{
    "corrupt at=row_length row=1 mask=255 probability=0.05",
    "corrupt at=row_length row=1 mask=1 probability=0.02",
};
constexpr std::array corrupted{errc::connection_lost, errc::protocol_violation,
                               errc::deadline_exceeded};
constexpr std::array shutdown{errc::server_shutdown, errc::connection_lost};

constexpr dialect ours{
    .echo = "select cast(? as signed)",
    .slow_echo = "select cast(? as signed) from dual where sleep(0.03) = 0",
    .slowest_echo = "select cast(? as signed) from dual where sleep(0.2) = 0",
    .withdraw = "update account set balance = balance - ? where id = ?",
    .deposit = "update account set balance = balance + ? where id = ?",
    .enter = "insert into entry (id) values (?)",
    .count_entries = "select id, count(*) from entry group by id",
    .sum_accounts = "select cast(sum(balance) as signed) from account",
    .traces = false,
    .hold_accounts = "select id from account for update",
    .short_lock_waits = "set innodb_lock_wait_timeout = 1", // the least that it takes
    .lock_limit = 1s,
    .short_statements = "set max_statement_time = 0.1",
    .short_rests = "set wait_timeout = 1", // the least that it takes
    .rest_limit = 1s,
    .shutdown = shutdown,
    .corruptions = corruptions,
    .corrupted = corrupted,
};

testing::mariadb_server& started(testing::mariadb_server& server) {
  server.start();
  server.wait_ready();
  return server;
}

database enter_as_boss(const testing::mariadb_server& server) {
  database_options o;
  o.name = "boss";
  o.application_name = "boss";
  o.log.enabled = false;
  o.pool.min_size = 1;
  o.pool.max_size = 1; // so that descriptors can be counted
  o.tls.mode = tls_mode::disable;
  return mysql::connect(server.admin_url(), o);
}

} // namespace

testing::mariadb_server_options fast_mariadb() {
  testing::mariadb_server_options o;
  o.fsync = false;
  return o;
}

mysql_ground::mysql_ground(testing::mariadb_server_options options)
    : server{std::move(options)}, boss_{enter_as_boss(started(server))} {
  // Makes the operation table, and whatever the library makes once: cells count threads.
  database_options o;
  o.log.enabled = false;
  o.operation_keys.enabled = true;
  o.tls.mode = tls_mode::disable;
  auto first = mysql::connect(server.url(), o);
  (void)first.close(2s);
}

std::string mysql_ground::title() const {
  return fmt::format("MariaDB {}, fsync off", server.ask("select version()"));
}

const dialect& mysql_ground::words() const noexcept { return ours; }

void mysql_ground::make_tables() {
  // No key: a write that is made twice has to show.
  boss_.script("drop table if exists app.account, app.entry, app.ballast;"
               "create table app.account (id bigint primary key, balance bigint not null) "
               "engine = InnoDB;"
               "create table app.entry (id bigint not null, key (id)) engine = InnoDB");
  boss_.execute("insert into app.account select seq, ? from seq_0_to_63", opening_balance);
  static_assert(account_count == 64);
}

std::string mysql_ground::url(std::uint16_t port) const {
  return "mysql://app@127.0.0.1:" + std::to_string(port) + "/app";
}

database mysql_ground::connect(const std::string& url, const database_options& options) const {
  return mysql::connect(url, options);
}

void mysql_ground::mend() {
  server.resume();
  server.restart();
}

std::unique_ptr<server_ground> mysql_ground::another(const server_needs& needs) const {
  auto options = fast_mariadb();
  options.password = needs.password;
  options.tls = needs.tls;
  // The server's allocator keeps nothing large for the next one, and has no room set aside for each
  // of its threads.
  if (needs.returns_memory)
    options.environment = {
        "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=65536:glibc.malloc.arena_max=1"};
  return std::make_unique<mysql_ground>(std::move(options));
}

void mysql_ground::start() {
  server.start();
  server.wait_ready();
}

std::vector<std::int64_t> mysql_ground::sessions() {
  return boss_.query<std::int64_t>(
      "select id from information_schema.processlist where user = 'app' order by rand()");
}

void mysql_ground::end_sessions() {
  const auto spared = occupant_ ? occupant_->query_value<std::int64_t>("select connection_id()")
                                : std::optional<std::int64_t>{};
  for (const auto id : sessions())
    if (id != spared) (void)boss_.try_execute("kill connection " + std::to_string(id));
}

void mysql_ground::end_a_session() {
  const auto all = sessions();
  if (!all.empty()) (void)boss_.try_execute("kill connection " + std::to_string(all.front()));
}

void mysql_ground::set_read_only(bool on) {
  boss_.execute(on ? "set global read_only = 1" : "set global read_only = 0");
}

void mysql_ground::take_places(bool on) {
  const auto limit = [&](int places) {
    boss_.execute("alter user app@'%' with max_user_connections " + std::to_string(places));
  };
  if (!on) {
    limit(0);
    occupant_.reset();
    return;
  }
  database_options o;
  o.name = "occupant";
  o.log.enabled = false;
  o.pool.min_size = 1;
  o.pool.max_size = 1;
  o.start = start_mode::connect;
  limit(1); // who is in already is not counted
  for (const time_point end = clock::now() + 5s; !occupant_; end_sessions()) {
    try {
      occupant_.emplace(mysql::connect(server.url(), o));
    } catch (const database_error&) {
      if (clock::now() > end) throw; // callers were quicker each time
    }
  }
}

void mysql_ground::set_password(const std::string& word) {
  boss_.execute("alter user app@'%' identified by '" + word + "'");
}

void mysql_ground::renew_certificate(std::chrono::seconds valid_for) {
  server.renew_certificate(valid_for);
}

std::filesystem::path mysql_ground::folder() const { return server.socket().parent_path(); }

/// By a limit of the size of files. Each write takes along a row that fills half a page: what does
/// not fit into its page would make this server abort. The table is to be larger than the redo log,
/// so that it alone meets the limit.
void mysql_ground::prepare_full_disk() {
  boss_.script("create table app.ballast (filler varchar(7000) character set latin1 not null) "
               "engine = InnoDB;"
               "insert into app.ballast select repeat('x', 7000) from seq_1_to_9000;"
               "create trigger app.loads before insert on app.entry for each row "
               "insert into app.ballast values (repeat('x', 7000))");
}

void mysql_ground::fill_disk() {
  const auto file = server.data_dir() / "app" / "ballast.ibd";
  server.limit_file_size(std::filesystem::file_size(file) + 100);
  for (int i = 0; i < 5000; ++i) { // what is left in the file
    const auto filled = boss_.try_execute("insert into app.ballast values (repeat('x', 7000))");
    if (!filled && filled.error().code == errc::disk_full) return;
    if (!filled) throw testing::server_error(to_string(filled.error()));
  }
  throw testing::server_error("the disk was not full");
}

/// By a limit of the address space: each write needs 8 MB. A session keeps them for its next write,
/// so the trigger is made when there are none to be had.
void mysql_ground::limit_memory(bool on) {
  server.limit_memory(on ? std::optional{spare_memory} : std::nullopt);
  if (on)
    boss_.script("create or replace trigger app.hungry before insert on app.entry for each row "
                 "set @length = length(repeat('x', 8000000))");
}

void mysql_ground::follow(const testing::mariadb_server& other) { boss_ = enter_as_boss(other); }

} // namespace holdfast::matrix
