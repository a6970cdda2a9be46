#include "drivers/postgres/checkup.hpp"

#include "drivers/checkup_questions.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/connection.hpp"
#include "drivers/postgres/driver.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <openssl/ssl.h>

namespace holdfast::drivers::postgres {

namespace {

using namespace std::chrono_literals;
using wall_time = std::chrono::system_clock::time_point;
using settings_map = std::map<std::string, std::string, std::less<>>;

std::optional<wall_time> end_of_certificate(PGconn* c) {
  auto* session = static_cast<SSL*>(PQsslStruct(c, "OpenSSL"));
  if (!session) return std::nullopt;
  X509* shown = SSL_get1_peer_certificate(session);
  if (!shown) return std::nullopt;
  std::tm parts{};
  const bool read = ASN1_TIME_to_tm(X509_get0_notAfter(shown), &parts) == 1;
  X509_free(shown);
  if (!read) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

tls_facts tls_of(PGconn* c, const settings& s) {
  tls_facts f;
  f.mode = effective_tls_mode(s.tls, s.server);
  f.to_local_host = effective_tls_mode({}, s.server) == tls_mode::disable;
  if (PQsslInUse(c) != 1) return f;
  const char* version = PQsslAttribute(c, "protocol");
  f.version = version ? version : "TLS";
  f.valid_until = end_of_certificate(c);
  return f;
}

std::int64_t number_in(const settings_map& all, std::string_view name) {
  const auto at = all.find(name);
  std::int64_t number = 0;
  if (at != all.end())
    std::from_chars(at->second.data(), at->second.data() + at->second.size(), number);
  return number;
}

std::string text_in(const settings_map& all, std::string_view name) {
  const auto at = all.find(name);
  return at == all.end() ? std::string{} : at->second;
}

/// PostgreSQL's 0 is "none".
std::optional<duration> limit_in(const settings_map& all, std::string_view name) {
  const std::int64_t number = number_in(all, name);
  if (number <= 0) return std::nullopt;
  return std::chrono::milliseconds{number};
}

std::optional<duration> silence_in(const settings_map& all) {
  const std::int64_t idle = number_in(all, "tcp_keepalives_idle");
  if (idle <= 0) return std::nullopt; // a Unix socket
  return std::chrono::seconds{idle + number_in(all, "tcp_keepalives_interval") *
                                         number_in(all, "tcp_keepalives_count")};
}

server_settings read_settings(const settings_map& all) {
  server_settings s;
  s.max_connections = number_in(all, "max_connections");
  s.reserved_connections =
      number_in(all, "superuser_reserved_connections") + number_in(all, "reserved_connections");
  s.statement_timeout = limit_in(all, "statement_timeout");
  s.lock_timeout = limit_in(all, "lock_timeout");
  s.idle_in_transaction_timeout = limit_in(all, "idle_in_transaction_session_timeout");
  s.idle_session_timeout = limit_in(all, "idle_session_timeout");
  s.keepalive_silence = silence_in(all);
  s.read_only = text_in(all, "default_transaction_read_only") == "on";
  s.fsync = text_in(all, "fsync") != "off";
  s.full_page_writes = text_in(all, "full_page_writes") != "off";
  s.synchronous_commit = text_in(all, "synchronous_commit");
  s.synchronous_standbys = text_in(all, "synchronous_standby_names");
  s.password_encryption = text_in(all, "password_encryption");
  return s;
}

task<std::optional<error>> ask_settings(runtime& rt, connection& c, server_facts& f,
                                        deadline until) {
  static const std::string sql =
      "select name, case when name = 'default_transaction_read_only' and source = 'client' "
      "then 'ours' else setting end from pg_settings where name in ('max_connections', "
      "'superuser_reserved_connections', 'reserved_connections', 'statement_timeout', "
      "'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', "
      "'tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', "
      "'default_transaction_read_only', 'fsync', 'full_page_writes', 'synchronous_commit', "
      "'synchronous_standby_names', 'password_encryption')";
  auto rows = co_await ask<std::tuple<std::string, std::string>>(rt, c, sql, until);
  if (!rows) co_return std::move(rows.error());
  settings_map all;
  for (auto& [name, setting] : *rows) all.emplace(std::move(name), std::move(setting));
  f.settings = read_settings(all);
  co_return std::nullopt;
}

task<std::optional<error>> ask_usage(runtime& rt, connection& c, server_facts& f, deadline until) {
  // pg_stat_activity hides from most roles what kind of process a row is.
  static const std::string sql =
      "select (select coalesce(sum(numbackends), 0) from pg_stat_database)::bigint, "
      "(select nullif(rolconnlimit, -1) from pg_roles where rolname = session_user)::bigint, "
      "(select nullif(datconnlimit, -1) from pg_database where datname = current_database())"
      "::bigint, (select count(*) from pg_stat_replication), pg_is_in_recovery()";
  using number = std::optional<std::int64_t>;
  auto rows =
      co_await ask<std::tuple<std::int64_t, number, number, std::int64_t, bool>>(rt, c, sql, until);
  if (!rows) co_return std::move(rows.error());
  const auto& [connections, role, database, standbys, standby] = rows->at(0);
  f.usage = server_usage{connections, role, database, standbys, standby};
  co_return std::nullopt;
}

task<std::optional<error>> ask_operation_table(runtime& rt, connection& c, server_facts& f,
                                               deadline until) {
  static const std::string sql =
      "with t as (select to_regclass('holdfast_operation') as id) select exists(" +
      operation_table().exists +
      "), coalesce(has_table_privilege(id, 'select') and has_table_privilege(id, 'insert') and "
      "has_table_privilege(id, 'update') and has_table_privilege(id, 'delete'), false), "
      "coalesce(has_schema_privilege(current_schema(), 'create'), false) from t";
  auto rows = co_await ask<std::tuple<bool, bool, bool>>(rt, c, sql, until);
  if (!rows) co_return std::move(rows.error());
  const auto& [complete, usable, creatable] = rows->at(0);
  f.operation_table = operation_table_facts{complete, usable, creatable};
  co_return std::nullopt;
}

constexpr std::string_view clock_question = "select extract(epoch from clock_timestamp())::float8";

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
  PGconn* const raw = in->link.get();
  f.user = PQuser(raw);
  f.database = PQdb(raw);
  f.version = PQserverVersion(raw);
  f.tls = tls_of(raw, s);
  canceller cancels;
  connection c{std::move(in->link), s, cancels, rt.random()};
  std::vector<question> questions; // none runs before its turn
  questions.push_back(ask_settings(rt, c, f, until));
  questions.push_back(ask_usage(rt, c, f, until));
  questions.push_back(ask_clock(rt, c, clock_question, now, f.clocks, until));
  questions.push_back(ask_operation_table(rt, c, f, until));
  f.failure = co_await ask_in_turn(c, questions);
  c.close();
  co_return f;
}

task<checkup> check_up(runtime& rt, const settings& s, const yardstick& by, wall_clock now,
                       deadline until) {
  const server_facts f = co_await ask_for_facts(rt, s, now, until);
  checkup done{.findings = judge(f, by)};
  if (f.settings && f.usage) done.takes_writes = !f.usage->standby && !f.settings->read_only;
  co_return done;
}

} // namespace holdfast::drivers::postgres
