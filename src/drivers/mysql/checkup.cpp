#include "drivers/mysql/checkup.hpp"

#include "drivers/checkup_questions.hpp"
#include "drivers/mysql/connect.hpp"
#include "drivers/mysql/connection.hpp"
#include "drivers/mysql/driver.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>

namespace holdfast::drivers::mysql {

namespace {

using settings_map = std::map<std::string, std::string, std::less<>>;

tls_facts tls_of(MYSQL* c, const settings& s) {
  tls_facts f;
  f.mode = effective_tls_mode(s.tls, s.server);
  f.to_local_host = effective_tls_mode({}, s.server) == tls_mode::disable;
  if (mysql_get_ssl_cipher(c) == nullptr) return f;
  const char* version = nullptr;
  if (mariadb_get_infov(c, MARIADB_CONNECTION_TLS_VERSION, &version) != 0) version = nullptr;
  f.version = version ? version : "TLS";
  return f;
}

using named_values = std::vector<std::tuple<std::string, std::string>>;

settings_map as_map(named_values rows) {
  settings_map all;
  for (auto& [name, value] : rows) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    all.emplace(std::move(name), std::move(value));
  }
  return all;
}

std::string text_in(const settings_map& all, std::string_view name) {
  const auto at = all.find(name);
  return at == all.end() ? std::string{} : at->second;
}

template <class T>
T number_in(const settings_map& all, std::string_view name, T otherwise) {
  const std::string text = text_in(all, name);
  T number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} ? number : otherwise;
}

bool on_in(const settings_map& all, std::string_view name, bool otherwise) {
  const std::string text = text_in(all, name);
  if (text.empty()) return otherwise;
  return text != "OFF" && text != "0";
}

/// 0 and what is not there is "none". MariaDB has parts of a second.
std::optional<duration> limit_in(const settings_map& all, std::string_view name, duration unit) {
  const double number = number_in(all, name, 0.0);
  if (number <= 0) return std::nullopt;
  return duration{static_cast<duration::rep>(number * static_cast<double>(unit.count()))};
}

/// "Nov 22 02:15:38 2026 GMT": as OpenSSL prints it. The library does not show the certificate that
/// it was shown.
std::optional<std::chrono::system_clock::time_point> moment_in(const settings_map& all,
                                                               std::string_view name) {
  std::tm parts{};
  const std::string text = text_in(all, name);
  const char* const end = ::strptime(text.c_str(), "%b %d %H:%M:%S %Y GMT", &parts);
  if (!end || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

server_settings read_settings(const settings_map& all) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  server_settings s;
  s.sql_mode = text_in(all, "sql_mode");
  s.wait_timeout = limit_in(all, "wait_timeout", seconds{1});
  s.idle_transaction_timeout = limit_in(all, "idle_transaction_timeout", seconds{1});
  s.statement_timeout = limit_in(all, "max_statement_time", seconds{1});
  if (!s.statement_timeout)
    s.statement_timeout = limit_in(all, "max_execution_time", milliseconds{1});
  s.lock_wait_timeout = limit_in(all, "innodb_lock_wait_timeout", seconds{1});
  s.rollback_on_timeout = on_in(all, "innodb_rollback_on_timeout", false);
  s.max_connections = number_in<std::int64_t>(all, "max_connections", 0);
  const auto of_user = number_in<std::int64_t>(all, "max_user_connections", 0);
  if (of_user > 0) s.max_user_connections = of_user;
  s.max_prepared_statements = number_in<std::int64_t>(all, "max_prepared_stmt_count", 0);
  s.max_packet = number_in<std::int64_t>(all, "max_allowed_packet", 0);
  s.read_only = on_in(all, "read_only", false);
  s.binary_log = on_in(all, "log_bin", false);
  s.flush_log_at_commit = number_in<std::int64_t>(all, "innodb_flush_log_at_trx_commit", 1);
  s.sync_binlog = number_in<std::int64_t>(all, "sync_binlog", 1);
  s.doublewrite = on_in(all, "innodb_doublewrite", true);
  return s;
}

task<std::optional<error>> ask_settings(runtime& rt, connection& c, server_facts& f,
                                        deadline until) {
  static const std::string sql =
      "show variables where variable_name in ('sql_mode', 'wait_timeout', "
      "'idle_transaction_timeout', 'max_statement_time', 'max_execution_time', "
      "'innodb_lock_wait_timeout', 'innodb_rollback_on_timeout', 'max_connections', "
      "'max_user_connections', 'max_prepared_stmt_count', 'max_allowed_packet', 'read_only', "
      "'log_bin', 'innodb_flush_log_at_trx_commit', 'sync_binlog', 'innodb_doublewrite')";
  auto rows = co_await ask<std::tuple<std::string, std::string>>(rt, c, sql, until);
  if (!rows) co_return std::move(rows.error());
  f.settings = read_settings(as_map(*std::move(rows)));
  co_return std::nullopt;
}

/// Counts rows of any shape.
struct row_count final : row_sink {
  void columns(std::span<const column>) override {}
  result<void> row(std::span<value>) override {
    ++rows;
    return {};
  }
  std::size_t rows = 0;
};

task<std::optional<error>> ask_usage(runtime& rt, connection& c, server_facts& f, deadline until) {
  static const std::string sql = "show global status where variable_name in "
                                 "('Threads_connected', 'Ssl_server_not_after')";
  auto rows = co_await ask<std::tuple<std::string, std::string>>(rt, c, sql, until);
  if (!rows) co_return std::move(rows.error());
  const settings_map told = as_map(*std::move(rows));
  server_usage u;
  u.connections = number_in<std::int64_t>(told, "threads_connected", 0);
  if (!f.tls.version.empty()) f.tls.valid_until = moment_in(told, "ssl_server_not_after");
  // That a user may not know it is no failure.
  row_count primaries;
  const statement look{"show replica status", {}};
  auto looked = co_await c.execute(rt, look, &primaries, until);
  if (looked) u.follows = primaries.rows > 0;
  f.usage = u;
  if (!looked && !c.usable()) co_return std::move(looked.error());
  co_return std::nullopt;
}

task<std::optional<error>> ask_tables(runtime& rt, connection& c, server_facts& f, deadline until) {
  static const std::string others =
      "select table_name from information_schema.tables where table_schema = database() "
      "and table_type = 'BASE TABLE' and engine <> 'InnoDB' order by table_name limit 4";
  // A database is granted by a pattern. Roles: MySQL says NONE where MariaDB says null.
  static const std::string may_create =
      "with me as (select substring_index(current_user(), '@', -1) as host), "
      "us as (select concat('''', left(current_user(), char_length(current_user()) - "
      "char_length(host) - 1), '''@''', host, '''') as grantee from me) "
      "select exists(select 1 from information_schema.user_privileges p join us "
      "on p.grantee = us.grantee where p.privilege_type = 'CREATE') "
      "or exists(select 1 from information_schema.schema_privileges p join us "
      "on p.grantee = us.grantee where p.privilege_type = 'CREATE' "
      "and database() like p.table_schema), "
      "coalesce(nullif(current_role(), 'NONE'), '') <> ''";
  auto keys = co_await ask<std::tuple<std::int64_t>>(rt, c, operation_table().exists, until);
  if (!keys) co_return std::move(keys.error());
  auto names = co_await ask<std::tuple<std::string>>(rt, c, others, until);
  if (!names) co_return std::move(names.error());
  auto may = co_await ask<std::tuple<std::int64_t, std::int64_t>>(rt, c, may_create, until);
  if (!may) co_return std::move(may.error());
  const auto [granted, has_role] = may->at(0);
  table_facts t;
  if (granted || !has_role) t.creatable = granted != 0;
  t.operation_tables = !keys->empty();
  for (auto& [name] : *names) t.without_transactions.push_back(std::move(name));
  f.tables = std::move(t);
  co_return std::nullopt;
}

constexpr std::string_view clock_question = "select unix_timestamp(now(6)) + 0e0";

} // namespace

task<server_facts> ask_for_facts(runtime& rt, const settings& s, wall_clock now, deadline until) {
  server_facts f;
  const time_point began = rt.now();
  auto in = co_await connect(rt, s, until);
  f.login_took = rt.now() - began;
  if (!in) {
    f.failure = std::move(in.error());
    co_return f;
  }
  f.entered = true;
  MYSQL* const raw = in->link.link.get();
  f.user = in->as.user;
  f.database = s.database;
  f.mariadb = mariadb_connection(raw) != 0;
  f.version = static_cast<std::uint32_t>(mysql_get_server_version(raw));
  f.tls = tls_of(raw, s);
  canceller cancels;
  connection c{std::move(in->link), s, cancels};
  std::vector<question> questions; // none runs before its turn
  questions.push_back(ask_settings(rt, c, f, until));
  questions.push_back(ask_usage(rt, c, f, until));
  questions.push_back(ask_clock(rt, c, clock_question, now, f.clocks, until));
  questions.push_back(ask_tables(rt, c, f, until));
  f.failure = co_await ask_in_turn(c, questions);
  c.close();
  co_return f;
}

task<checkup> check_up(runtime& rt, const settings& s, const yardstick& by, wall_clock now,
                       deadline until) {
  const server_facts f = co_await ask_for_facts(rt, s, now, until);
  checkup done{.findings = judge(f, by)};
  if (f.settings) done.takes_writes = !f.settings->read_only;
  co_return done;
}

} // namespace holdfast::drivers::mysql
