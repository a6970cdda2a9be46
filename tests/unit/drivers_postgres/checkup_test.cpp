// Facts of a PostgreSQL server against our options: each row once well and once not.
#include "drivers/postgres/checkup.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <ostream>

namespace holdfast::drivers::postgres {
namespace {

using namespace std::chrono_literals;

struct scene {
  database_options options{};
  server_facts facts{};
  std::uint32_t processes = 1;
  bool has_peers = false;
};

scene healthy() {
  scene s;
  s.facts.entered = true;
  s.facts.user = "app";
  s.facts.database = "shop";
  s.facts.version = 150004;
  s.facts.login_took = 12ms;
  s.facts.tls = {.version = "TLSv1.3", .mode = tls_mode::verify_full};
  s.facts.clocks = clock_facts{.round_trips = {1ms}};
  s.facts.settings = server_settings{.max_connections = 100, .reserved_connections = 3};
  s.facts.settings->keepalive_silence = 2min;
  s.facts.usage = server_usage{.connections = 5};
  s.facts.operation_table = operation_table_facts{.complete = true, .usable = true};
  return s;
}

findings judged(const scene& s) {
  return judge(s.facts, {.options = s.options, .processes = s.processes, .has_peers = s.has_peers});
}

finding row(const findings& all, std::string_view check) {
  const auto found = std::ranges::find(all, check, &finding::check);
  return found == all.end() ? finding{"missing", verdict::error} : *found;
}

struct judgement {
  const char* name;
  void (*change)(scene& s);
  const char* check;
  verdict is;
  const char* found; ///< a part of it
  const char* fix;   ///< a part of it
};
void PrintTo(const judgement& j, std::ostream* out) { *out << j.name; }

class postgres_checkup : public ::testing::TestWithParam<judgement> {};

TEST_P(postgres_checkup, judges) {
  const judgement& j = GetParam();
  scene s = healthy();
  j.change(s);
  const finding f = row(judged(s), j.check);
  EXPECT_EQ(f.is, j.is) << f.found;
  EXPECT_NE(f.found.find(j.found), std::string::npos) << f.found;
  EXPECT_NE(f.fix.find(j.fix), std::string::npos) << f.fix;
  EXPECT_EQ(f.fix.empty(), j.is == verdict::ok) << f.fix;
}

constexpr auto ok = verdict::ok;
constexpr auto warning = verdict::warning;
constexpr auto bad = verdict::error;

const judgement table[] = {
    {"version_13", [](scene& s) { s.facts.version = 130000; }, "version", ok, "PostgreSQL 13.0",
     ""},
    {"version_12", [](scene& s) { s.facts.version = 120022; }, "version", bad, "PostgreSQL 12.22",
     "13 or later"},
    {"login", [](scene&) {}, "login", ok, "app to shop, in 12 ms", ""},
    {"primary", [](scene&) {}, "role", ok, "primary; 0 standbys", ""},
    {"standby", [](scene& s) { s.facts.usage->standby = true; }, "role", warning, "standby",
     "Name the primary"},
    {"standby_among_peers",
     [](scene& s) {
       s.facts.usage->standby = true;
       s.has_peers = true;
     },
     "role", ok, "standby", ""},
    {"read_only", [](scene& s) { s.facts.settings->read_only = true; }, "role", warning,
     "default_transaction_read_only", "= off"},
    {"pool_fits_exactly",
     [](scene& s) {
       s.options.pool.max_size = 93; // 100 - 3 reserved - 4 of others
     },
     "connections", ok,
     "93 × 1 process = 93; max_connections 100 less 3 reserved = 97; in use now 4", ""},
    {"pool_fits_without_the_others", [](scene& s) { s.options.pool.max_size = 94; }, "connections",
     warning, "in use now 4", "Lower pool.max_size"},
    {"pool_is_too_large", [](scene& s) { s.options.pool.max_size = 98; }, "connections", bad,
     "= 97", "Lower pool.max_size to 97 or less"},
    {"pools_of_all_processes", [](scene& s) { s.processes = 5; }, "connections", bad,
     "20 × 5 processes = 100", "to 19 or less"},
    {"role_limit", [](scene& s) { s.facts.usage->role_limit = 10; }, "connections", bad,
     "limit of the role 10", "to 10 or less"},
    {"database_limit", [](scene& s) { s.facts.usage->database_limit = 10; }, "connections", bad,
     "limit of the database 10", "to 10 or less"},
    {"no_statement_timeout", [](scene&) {}, "statement_timeout", ok, "none; our deadline 30 s", ""},
    {"equal_statement_timeout", [](scene& s) { s.facts.settings->statement_timeout = 30s; },
     "statement_timeout", ok, "30 s; our deadline 30 s", ""},
    {"short_statement_timeout", [](scene& s) { s.facts.settings->statement_timeout = 29s; },
     "statement_timeout", warning, "29 s", "Raise statement_timeout"},
    {"lock_timeout", [](scene& s) { s.facts.settings->lock_timeout = 5s; }, "lock_timeout", ok,
     "5 s; statements end after 30 s", ""},
    {"long_lock_timeout", [](scene& s) { s.facts.settings->lock_timeout = 30s; }, "lock_timeout",
     warning, "30 s", "Lower lock_timeout"},
    {"lock_timeout_behind_statement_timeout",
     [](scene& s) {
       s.facts.settings->lock_timeout = 5s;
       s.facts.settings->statement_timeout = 4s;
     },
     "lock_timeout", warning, "statements end after 4 s", "Lower lock_timeout"},
    {"idle_in_transaction", [](scene& s) { s.facts.settings->idle_in_transaction_timeout = 60s; },
     "idle_in_transaction_session_timeout", ok, "60 s", ""},
    {"short_idle_in_transaction",
     [](scene& s) { s.facts.settings->idle_in_transaction_timeout = 10s; },
     "idle_in_transaction_session_timeout", warning, "10 s; our deadline 30 s", "Raise it"},
    {"idle_session", [](scene& s) { s.facts.settings->idle_session_timeout = 121s; },
     "idle_session_timeout", ok, "for up to 2 min", ""},
    {"short_idle_session", [](scene& s) { s.facts.settings->idle_session_timeout = 2min; },
     "idle_session_timeout", warning, "2 min", "pool.keepalive below 2 min"},
    {"idle_session_and_no_keepalive",
     [](scene& s) {
       s.options.pool.keepalive.reset();
       s.options.pool.max_lifetime.reset();
       s.facts.settings->idle_session_timeout = 24h;
     },
     "idle_session_timeout", warning, "any time", "pool.keepalive"},
    {"idle_session_and_none_kept_warm",
     [](scene& s) {
       s.options.pool.min_size = 0; // closed after 60 s
       s.facts.settings->idle_session_timeout = 61s;
     },
     "idle_session_timeout", ok, "for up to 60 s", ""},
    {"keepalives", [](scene& s) { s.facts.settings->keepalive_silence = 30min; }, "tcp_keepalives",
     ok, "after 30 min", ""},
    {"slow_keepalives", [](scene& s) { s.facts.settings->keepalive_silence = 7875s; },
     "tcp_keepalives", warning, "after 2.19 h", "tcp_keepalives_idle"},
    {"slow_keepalives_of_a_local_client",
     [](scene& s) {
       s.facts.settings->keepalive_silence = 7875s;
       s.facts.tls = {.to_local_host = true};
     },
     "tcp_keepalives", ok, "2.19 h", ""},
    {"fsync", [](scene&) {}, "fsync", ok, "on", ""},
    {"no_fsync", [](scene& s) { s.facts.settings->fsync = false; }, "fsync", warning, "off",
     "fsync = on"},
    {"full_page_writes", [](scene&) {}, "full_page_writes", ok, "on", ""},
    {"no_full_page_writes", [](scene& s) { s.facts.settings->full_page_writes = false; },
     "full_page_writes", warning, "off", "full_page_writes = on"},
    {"alone", [](scene&) {}, "synchronous_commit", ok, "on; synchronous_standby_names = ''", ""},
    {"asynchronous_commit", [](scene& s) { s.facts.settings->synchronous_commit = "off"; },
     "synchronous_commit", warning, "off", "synchronous_commit = on"},
    {"asynchronous_standby", [](scene& s) { s.facts.usage->standbys = 1; }, "synchronous_commit",
     warning, "''", "synchronous_standby_names"},
    {"synchronous_standby",
     [](scene& s) {
       s.facts.usage->standbys = 1;
       s.facts.settings->synchronous_standbys = "b";
     },
     "synchronous_commit", ok, "'b'", ""},
    {"nobody_waits_for_the_standby",
     [](scene& s) {
       s.facts.settings->synchronous_standbys = "b";
       s.facts.settings->synchronous_commit = "local";
     },
     "synchronous_commit", warning, "local", "synchronous_commit = on"},
    {"scram", [](scene&) {}, "password_encryption", ok, "scram-sha-256", ""},
    {"md5", [](scene& s) { s.facts.settings->password_encryption = "md5"; }, "password_encryption",
     warning, "md5", "scram-sha-256"},
    {"keys_and_table", [](scene& s) { s.options.operation_keys.enabled = true; }, "operation_table",
     ok, "is there; this role may use it", ""},
    {"keys_and_no_right",
     [](scene& s) {
       s.options.operation_keys.enabled = true;
       s.facts.operation_table->usable = false;
     },
     "operation_table", bad, "may not use it", "Grant"},
    {"keys_and_no_table",
     [](scene& s) {
       s.options.operation_keys.enabled = true;
       s.facts.operation_table = operation_table_facts{};
     },
     "operation_table", bad, "may not make it", "holdfast operation-table --print"},
    {"keys_and_a_table_to_be_made",
     [](scene& s) {
       s.options.operation_keys.enabled = true;
       s.facts.operation_table = operation_table_facts{.creatable = true};
     },
     "operation_table", ok, "may make it", ""},
    {"no_keys", [](scene& s) { s.facts.operation_table = operation_table_facts{}; },
     "operation_table", ok, "operation_keys.enabled = false", ""},
};
INSTANTIATE_TEST_SUITE_P(table, postgres_checkup, ::testing::ValuesIn(table),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST(postgres_checkup_rows, a_healthy_server_has_every_row_and_each_is_well) {
  const findings all = judged(healthy());
  for (const finding& f : all) EXPECT_EQ(f.is, verdict::ok) << f.check << ": " << f.found;
  EXPECT_EQ(all.size(), not_tried("").size() + 2); // and tls, login
}

TEST(postgres_checkup_rows, a_refused_login_leaves_the_rest_untried) {
  scene s;
  s.facts.failure = make_error(errc::authentication_failed, "no");
  const findings all = judged(s);
  EXPECT_EQ(all.at(0).check, "login");
  EXPECT_EQ(all.at(0).is, verdict::error);
  EXPECT_EQ(all.size(), 1 + not_tried("").size());
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(all[i].found, "not tried: no login");
}

TEST(postgres_checkup_rows, what_is_wrong_with_tls_is_told_as_such) {
  scene s;
  s.facts.failure = make_error(errc::certificate_expired, "expired");
  EXPECT_EQ(judged(s).at(0).check, "certificate");
  EXPECT_EQ(row(judged(s), "login").found, "not tried: no TLS");
  s.facts.failure = make_error(errc::certificate_mismatch, "another name");
  EXPECT_EQ(judged(s).at(0).check, "tls");
  EXPECT_NE(judged(s).at(0).fix.find("name"), std::string::npos);
}

TEST(postgres_checkup_rows, what_could_not_be_asked_says_why_and_spoils_no_other) {
  scene s = healthy();
  s.facts.failure = make_error(errc::permission_denied, "not for you");
  s.facts.usage.reset();
  const findings all = judged(s);
  EXPECT_EQ(row(all, "role").is, verdict::not_tried);
  EXPECT_NE(row(all, "connections").found.find("not for you"), std::string::npos);
  EXPECT_EQ(row(all, "fsync").is, verdict::ok);
  EXPECT_EQ(row(all, "clock").is, verdict::ok);
}

} // namespace
} // namespace holdfast::drivers::postgres
