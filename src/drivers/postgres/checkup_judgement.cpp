#include "drivers/postgres/checkup.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace holdfast::drivers::postgres {

namespace {

constexpr int oldest_version = 130000;

/// Before those that every engine shares.
constexpr auto remedies = std::to_array<remedy>({
    {errc::tls_failed, "Switch TLS on at the server (ssl = on), or choose another tls.mode."},
    {errc::authentication_failed,
     "Correct user and password: PGPASSWORD, ~/.pgpass, password_file or the URL."},
    {errc::permission_denied, "Let pg_hba.conf and GRANT CONNECT admit this user from here."},
});

finding judge_version(int version) {
  constexpr auto check = "version";
  const std::string found = fmt::format("PostgreSQL {}.{}", version / 10000, version % 10000);
  if (version >= oldest_version) return {check, verdict::ok, found};
  return {check, verdict::error, found, "Upgrade the server: Holdfast needs 13 or later."};
}

finding judge_role(const server_settings& s, const server_usage& u, const yardstick& by) {
  constexpr auto check = "role";
  if (!u.standby && !s.read_only)
    return {check, verdict::ok, fmt::format("primary; {} standbys stream from it", u.standbys)};
  const std::string found =
      u.standby ? "standby: takes no writes" : "primary, but default_transaction_read_only = on";
  if (by.has_peers) return {check, verdict::ok, found};
  return {check, verdict::warning, found,
          u.standby ? "Name the primary in the URL, unless nothing is to be written."
                    : "Set default_transaction_read_only = off, unless nothing is to be written."};
}

/// How many connections our role can have to our database, whoever else is there.
std::int64_t places(const server_settings& s, const server_usage& u) {
  std::int64_t most = s.max_connections - s.reserved_connections;
  if (u.role_limit) most = std::min(most, *u.role_limit);
  if (u.database_limit) most = std::min(most, *u.database_limit);
  return most;
}

finding judge_connections(const server_settings& s, const server_usage& u, const yardstick& by) {
  constexpr auto check = "connections";
  const std::int64_t wanted = std::int64_t{by.options.pool.max_size} * by.processes;
  const std::int64_t most = places(s, u);
  const std::int64_t others = std::max<std::int64_t>(0, u.connections - 1); // one is ours
  std::string found = fmt::format(
      "pool.max_size {} × {} process{} = {}; max_connections {} less {} reserved = {}",
      by.options.pool.max_size, by.processes, by.processes == 1 ? "" : "es", wanted,
      s.max_connections, s.reserved_connections, s.max_connections - s.reserved_connections);
  if (u.role_limit) found += fmt::format("; limit of the role {}", *u.role_limit);
  if (u.database_limit) found += fmt::format("; limit of the database {}", *u.database_limit);
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

finding judge_switch(std::string check, bool on, std::string_view lost) {
  if (on) return {std::move(check), verdict::ok, "on"};
  const std::string fix = fmt::format("Set {} = on: without it {}.", check, lost);
  return {std::move(check), verdict::warning, "off", fix};
}

finding judge_replication(const server_settings& s, const server_usage& u, const yardstick& by) {
  constexpr auto check = "synchronous_commit";
  const bool synchronous = !s.synchronous_standbys.empty();
  const std::string found = fmt::format("{}; synchronous_standby_names = '{}'",
                                        s.synchronous_commit, s.synchronous_standbys);
  if (s.synchronous_commit == "off")
    return {check, verdict::warning, found,
            "Set synchronous_commit = on: a crash loses commits that were acknowledged."};
  if (synchronous && s.synchronous_commit == "local")
    return {check, verdict::warning, found,
            "Set synchronous_commit = on: commits do not wait for the standbys that are named."};
  if (!synchronous && !u.standby && (u.standbys > 0 || by.has_peers))
    return {check, verdict::warning, found,
            "Name a standby in synchronous_standby_names: a failover loses the last commits that "
            "were acknowledged."};
  return {check, verdict::ok, found};
}

finding judge_passwords(const server_settings& s) {
  constexpr auto check = "password_encryption";
  if (s.password_encryption != "md5") return {check, verdict::ok, s.password_encryption};
  return {check, verdict::warning, "md5",
          "Set password_encryption = 'scram-sha-256' and give the passwords anew: md5 is broken, "
          "and its hash alone lets one in."};
}

finding judge_operation_table(const operation_table_facts& t, const yardstick& by) {
  constexpr auto check = "operation_table";
  const auto& keys = by.options.operation_keys;
  const std::string found = fmt::format(
      "holdfast_operation is {}; this role may {}, operation_keys.enabled = {}",
      t.complete ? "there" : "not there, or not complete",
      t.complete ? (t.usable ? "use it" : "not use it") : (t.creatable ? "make it" : "not make it"),
      keys.enabled);
  const bool ready = t.complete ? t.usable : t.creatable && keys.create_table;
  if (ready || !keys.enabled) return {check, verdict::ok, found};
  return {check, verdict::error, found,
          t.complete
              ? "Grant this role select, insert, update and delete on holdfast_operation and "
                "holdfast_operation_low_water."
              : "Have its owner run what holdfast operation-table --print URL prints: opening "
                "fails as it is."};
}

void judge_settings(findings& all, const server_facts& f, const yardstick& by) {
  const server_settings& s = *f.settings;
  append(all, judge_timeouts(s, f.tls, by));
  all.push_back(judge_switch("fsync", s.fsync, "a power cut can destroy the whole database"));
  all.push_back(judge_switch("full_page_writes", s.full_page_writes,
                             "a power cut can leave pages half written"));
  all.push_back(judge_passwords(s));
}

/// In the order of the report; each group is empty where nobody could be asked.
const std::initializer_list<std::string_view> of_clocks{"round_trip", "clock"};
const std::initializer_list<std::string_view> of_usage{"role", "connections", "synchronous_commit"};
const std::initializer_list<std::string_view> of_settings{
    "statement_timeout",    "lock_timeout",       "idle_in_transaction_session_timeout",
    "idle_session_timeout", "tcp_keepalives",     "fsync",
    "full_page_writes",     "password_encryption"};

} // namespace

findings judge(const server_facts& f, const yardstick& by) {
  findings all;
  if (!f.entered) {
    all.push_back(judge_refusal(*f.failure, remedies));
    const bool before_login = is_about_tls(f.failure->code);
    if (before_login) skip(all, {"login"}, "no TLS");
    append(all, not_tried("no login"));
    return all;
  }
  const std::string why = f.failure ? holdfast::to_string(*f.failure) : std::string{};
  append(all, drivers::judge(f.tls, by));
  all.push_back({"login", verdict::ok,
                 fmt::format("{} to {}, in {}", f.user, f.database, spoken(f.login_took))});
  all.push_back(judge_version(f.version));
  f.clocks ? append(all, drivers::judge(*f.clocks)) : skip(all, of_clocks, why);
  if (f.settings && f.usage) {
    all.push_back(judge_role(*f.settings, *f.usage, by));
    all.push_back(judge_connections(*f.settings, *f.usage, by));
    all.push_back(judge_replication(*f.settings, *f.usage, by));
  } else
    skip(all, of_usage, why);
  f.settings ? judge_settings(all, f, by) : skip(all, of_settings, why);
  if (f.operation_table)
    all.push_back(judge_operation_table(*f.operation_table, by));
  else
    skip(all, {"operation_table"}, why);
  return all;
}

findings not_tried(std::string_view why) {
  findings all;
  skip(all, {"version"}, why);
  skip(all, of_clocks, why);
  skip(all, of_usage, why);
  skip(all, of_settings, why);
  skip(all, {"operation_table"}, why);
  return all;
}

} // namespace holdfast::drivers::postgres
