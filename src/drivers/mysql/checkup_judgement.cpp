#include "drivers/mysql/checkup.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holdfast::drivers::mysql {

namespace {

constexpr std::uint32_t oldest_mariadb = 100600;
constexpr std::uint32_t oldest_mysql = 80000;

/// Before those that every engine shares.
constexpr auto remedies = std::to_array<remedy>({
    {errc::tls_failed, "Give the server ssl_cert and ssl_key, or choose another tls.mode."},
    {errc::authentication_failed,
     "Correct user and password, and let CREATE USER admit this user from this host."},
    {errc::permission_denied, "Grant this user the rights to the database."},
});

finding judge_version(const server_facts& f) {
  constexpr auto check = "version";
  const std::string found = fmt::format("{} {}.{}.{}", f.mariadb ? "MariaDB" : "MySQL",
                                        f.version / 10000, f.version / 100 % 100, f.version % 100);
  if (f.version >= (f.mariadb ? oldest_mariadb : oldest_mysql)) return {check, verdict::ok, found};
  return {check, verdict::error, found,
          f.mariadb ? "Upgrade the server: Holdfast needs 10.6 or later."
                    : "Upgrade the server: Holdfast needs 8.0 or later."};
}

finding judge_role(const server_settings& s, const server_usage& u, const yardstick& by) {
  constexpr auto check = "role";
  const bool replica = u.follows.value_or(false);
  std::string found = replica ? "replica" : "primary";
  if (!u.follows) found = "not known whether it follows another";
  found += s.read_only ? ", read_only = ON: takes no writes" : ", takes writes";
  if (replica && !s.read_only)
    return {check, verdict::error, found,
            "Set read_only = ON: what is written to a replica is not on its primary."};
  if (!s.read_only || by.has_peers) return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          replica ? "Name the primary in the URL, unless nothing is to be written."
                  : "Set read_only = OFF, unless nothing is to be written."};
}

finding judge_connections(const server_settings& s, const server_usage& u, const yardstick& by) {
  constexpr auto check = "connections";
  const std::int64_t wanted = std::int64_t{by.options.pool.max_size} * by.processes;
  const std::int64_t most =
      std::min(s.max_connections, s.max_user_connections.value_or(s.max_connections));
  const std::int64_t others = std::max<std::int64_t>(0, u.connections - 1); // one is ours
  std::string found = fmt::format("pool.max_size {} × {} process{} = {}; max_connections {}",
                                  by.options.pool.max_size, by.processes,
                                  by.processes == 1 ? "" : "es", wanted, s.max_connections);
  if (s.max_user_connections)
    found += fmt::format("; limit of the user {}", *s.max_user_connections);
  found += fmt::format("; in use now {}", others);
  if (wanted > most)
    return {check, verdict::error, found,
            fmt::format("Lower pool.max_size to {} or less, or let the server take {} connections.",
                        most / by.processes, wanted)};
  if (wanted + others > most)
    return {check, verdict::warning, found,
            "Lower pool.max_size or raise max_connections, unless those in use are of these very "
            "processes."};
  return {check, verdict::ok, found};
}

finding judge_statements(const server_settings& s, const yardstick& by) {
  constexpr auto check = "max_prepared_stmt_count";
  const auto& o = by.options;
  const std::int64_t wanted =
      std::int64_t{o.pool.max_size} * by.processes * o.mysql.statement_cache_size;
  const std::string found =
      fmt::format("{}; our pools may keep up to {} prepared", s.max_prepared_statements, wanted);
  if (wanted <= s.max_prepared_statements) return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          "Raise max_prepared_stmt_count, or lower mysql.statement_cache_size: who is beyond it "
          "cannot prepare."};
}

bool has_mode(const std::string& all, std::string_view mode) {
  return ("," + all + ",").find("," + std::string{mode} + ",") != std::string::npos;
}

finding judge_sql_mode(const server_settings& s) {
  constexpr auto check = "sql_mode";
  const std::string found = s.sql_mode.empty() ? "empty" : s.sql_mode;
  if (!has_mode(s.sql_mode, "STRICT_TRANS_TABLES") && !has_mode(s.sql_mode, "STRICT_ALL_TABLES"))
    return {check, verdict::warning, found,
            "Add STRICT_TRANS_TABLES: without it the server changes values that do not fit, and "
            "says nothing."};
  if (!has_mode(s.sql_mode, "NO_ENGINE_SUBSTITUTION"))
    return {check, verdict::warning, found,
            "Add NO_ENGINE_SUBSTITUTION: without it a table may get an engine without "
            "transactions."};
  return {check, verdict::ok, found};
}

finding judge_durability(const server_settings& s) {
  constexpr auto check = "durability";
  std::string found = fmt::format("innodb_flush_log_at_trx_commit = {}", s.flush_log_at_commit);
  if (s.binary_log) found += fmt::format(", sync_binlog = {}", s.sync_binlog);
  if (s.flush_log_at_commit != 1)
    return {check, verdict::warning, found,
            "Set innodb_flush_log_at_trx_commit = 1: a power cut loses commits that were "
            "acknowledged."};
  if (s.binary_log && s.sync_binlog != 1)
    return {check, verdict::warning, found,
            "Set sync_binlog = 1: after a power cut replicas may lack commits that were "
            "acknowledged, or have others."};
  return {check, verdict::ok, found};
}

finding judge_doublewrite(const server_settings& s) {
  constexpr auto check = "innodb_doublewrite";
  if (s.doublewrite) return {check, verdict::ok, "on"};
  return {check, verdict::warning, "off",
          "Set innodb_doublewrite = ON: a power cut can leave pages half written."};
}

finding judge_packet(const server_settings& s) {
  return {"max_allowed_packet", verdict::ok,
          fmt::format("{} KiB: larger statements and values are refused", s.max_packet / 1024)};
}

finding judge_engines(const table_facts& t) {
  constexpr auto check = "engines";
  if (t.without_transactions.empty())
    return {check, verdict::ok, "every table of this database is InnoDB's"};
  return {check, verdict::warning,
          fmt::format("without transactions: {}", fmt::join(t.without_transactions, ", ")),
          "ALTER TABLE … ENGINE = InnoDB: a failed statement leaves half of its rows there, and no "
          "outcome can be learned."};
}

finding judge_operation_table(const table_facts& t, const yardstick& by) {
  constexpr auto check = "operation_table";
  const auto& keys = by.options.operation_keys;
  const bool barred = t.creatable == false;
  const std::string found =
      fmt::format("holdfast_operation is {}, operation_keys.enabled = {}",
                  t.operation_tables ? "there"
                  : barred           ? "not there, or not complete; this user may not make it"
                                     : "not there, or not complete",
                  keys.enabled);
  const bool ready = t.operation_tables || (keys.create_table && !barred);
  if (ready || !keys.enabled) return {check, verdict::ok, found};
  return {check, verdict::error, found,
          "Have its owner run what holdfast operation-table --print URL prints: opening fails as "
          "it is."};
}

void judge_settings(findings& all, const server_settings& s, const yardstick& by) {
  append(all, judge_timeouts(s, by));
  append(all, {judge_sql_mode(s), judge_statements(s, by), judge_packet(s), judge_durability(s),
               judge_doublewrite(s)});
}

/// In the order of the report; each group is empty where nobody could be asked.
const std::initializer_list<std::string_view> of_clocks{"round_trip", "clock"};
const std::initializer_list<std::string_view> of_usage{"role", "connections"};
const std::initializer_list<std::string_view> of_settings{"wait_timeout",
                                                          "idle_transaction_timeout",
                                                          "statement_timeout",
                                                          "innodb_lock_wait_timeout",
                                                          "innodb_rollback_on_timeout",
                                                          "sql_mode",
                                                          "max_prepared_stmt_count",
                                                          "max_allowed_packet",
                                                          "durability",
                                                          "innodb_doublewrite"};
const std::initializer_list<std::string_view> of_tables{"engines", "operation_table"};

} // namespace

findings judge(const server_facts& f, const yardstick& by) {
  findings all;
  if (!f.entered) {
    all.push_back(judge_refusal(*f.failure, remedies));
    if (is_about_tls(f.failure->code)) skip(all, {"login"}, "no TLS");
    append(all, not_tried("no login"));
    return all;
  }
  const std::string why = f.failure ? holdfast::to_string(*f.failure) : std::string{};
  append(all, drivers::judge(f.tls, by));
  all.push_back(
      {"login", verdict::ok,
       fmt::format("{} to {}, in {}", f.user, f.database.empty() ? "no database" : f.database,
                   spoken(f.login_took))});
  all.push_back(judge_version(f));
  f.clocks ? append(all, drivers::judge(*f.clocks)) : skip(all, of_clocks, why);
  if (f.settings && f.usage)
    append(all,
           {judge_role(*f.settings, *f.usage, by), judge_connections(*f.settings, *f.usage, by)});
  else
    skip(all, of_usage, why);
  f.settings ? judge_settings(all, *f.settings, by) : skip(all, of_settings, why);
  if (f.tables)
    append(all, {judge_engines(*f.tables), judge_operation_table(*f.tables, by)});
  else
    skip(all, of_tables, why);
  return all;
}

findings not_tried(std::string_view why) {
  findings all;
  skip(all, {"version"}, why);
  skip(all, of_clocks, why);
  skip(all, of_usage, why);
  skip(all, of_settings, why);
  skip(all, of_tables, why);
  return all;
}

} // namespace holdfast::drivers::mysql
