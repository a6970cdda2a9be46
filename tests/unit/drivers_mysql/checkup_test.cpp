// Facts of a MariaDB server against our options: each row once well and once not.
#include "drivers/mysql/checkup.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <ostream>

namespace holdfast::drivers::mysql {
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
  s.facts.version = 101119;
  s.facts.login_took = 12ms;
  s.facts.tls = {.version = "TLSv1.3", .mode = tls_mode::verify_full};
  s.facts.clocks = clock_facts{.round_trips = {1ms}};
  server_settings in_force;
  in_force.sql_mode = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION";
  in_force.wait_timeout = 8h;
  in_force.lock_wait_timeout = 50s;
  in_force.max_connections = 151;
  in_force.max_prepared_statements = 16382;
  in_force.max_packet = 16 << 20;
  s.facts.settings = in_force;
  s.facts.usage = server_usage{.connections = 5, .follows = false};
  s.facts.tables = table_facts{.operation_tables = true};
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

constexpr auto ok = verdict::ok;
constexpr auto warning = verdict::warning;
constexpr auto error = verdict::error;

const std::vector<judgement> table{
    {"old_mariadb", [](scene& s) { s.facts.version = 100509; }, "version", error, "MariaDB 10.5.9",
     "10.6"},
    {"old_mysql",
     [](scene& s) {
       s.facts.mariadb = false;
       s.facts.version = 50744;
     },
     "version", error, "MySQL 5.7.44", "8.0"},
    {"new_mysql",
     [](scene& s) {
       s.facts.mariadb = false;
       s.facts.version = 80036;
     },
     "version", ok, "MySQL 8.0.36", ""},
    {"read_only", [](scene& s) { s.facts.settings->read_only = true; }, "role", warning,
     "takes no writes", "read_only = OFF"},
    {"read_only_with_peers",
     [](scene& s) {
       s.facts.settings->read_only = true;
       s.has_peers = true;
     },
     "role", ok, "takes no writes", ""},
    {"replica_alone",
     [](scene& s) {
       s.facts.settings->read_only = true;
       s.facts.usage->follows = true;
     },
     "role", warning, "replica", "primary"},
    {"replica_that_takes_writes", [](scene& s) { s.facts.usage->follows = true; }, "role", error,
     "replica, takes writes", "read_only = ON"},
    {"not_told_whether_it_follows", [](scene& s) { s.facts.usage->follows.reset(); }, "role", ok,
     "not known", ""},
    {"pools_too_large", [](scene& s) { s.processes = 8; }, "connections", error,
     "8 processes = 160", "to 18 or less"},
    {"limit_of_the_user", [](scene& s) { s.facts.settings->max_user_connections = 7; },
     "connections", error, "limit of the user 7", "to 7"},
    {"others_take_the_room", [](scene& s) { s.facts.usage->connections = 140; }, "connections",
     warning, "in use now 139", "max_connections"},
    {"short_wait_timeout", [](scene& s) { s.facts.settings->wait_timeout = 60s; }, "wait_timeout",
     warning, "60 s", "below 60 s"},
    {"wait_timeout_above_the_keepalive",
     [](scene& s) {
       s.facts.settings->wait_timeout = 60s;
       s.options.pool.keepalive = 30s;
     },
     "wait_timeout", ok, "60 s", ""},
    {"short_idle_transaction", [](scene& s) { s.facts.settings->idle_transaction_timeout = 5s; },
     "idle_transaction_timeout", warning, "5 s", "deadline"},
    {"short_statements", [](scene& s) { s.facts.settings->statement_timeout = 4500ms; },
     "statement_timeout", warning, "4.5 s", "max_statement_time"},
    {"lock_wait_never_acts", [](scene&) {}, "innodb_lock_wait_timeout", ok, "our deadline ends",
     ""},
    {"lock_wait_acts", [](scene& s) { s.facts.settings->lock_wait_timeout = 5s; },
     "innodb_lock_wait_timeout", ok, "tried again", ""},
    {"rollback_on_timeout", [](scene& s) { s.facts.settings->rollback_on_timeout = true; },
     "innodb_rollback_on_timeout", ok, "ends the transaction", ""},
    {"not_strict", [](scene& s) { s.facts.settings->sql_mode = "NO_ENGINE_SUBSTITUTION"; },
     "sql_mode", warning, "NO_ENGINE", "STRICT_TRANS_TABLES"},
    {"strict_for_all",
     [](scene& s) { s.facts.settings->sql_mode = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"; },
     "sql_mode", ok, "STRICT_ALL", ""},
    {"engines_replaced", [](scene& s) { s.facts.settings->sql_mode = "STRICT_TRANS_TABLES"; },
     "sql_mode", warning, "STRICT", "NO_ENGINE_SUBSTITUTION"},
    {"too_many_statements", [](scene& s) { s.facts.settings->max_prepared_statements = 1000; },
     "max_prepared_stmt_count", warning, "1000", "mysql.statement_cache_size"},
    {"lazy_log", [](scene& s) { s.facts.settings->flush_log_at_commit = 2; }, "durability", warning,
     "= 2", "innodb_flush_log_at_trx_commit = 1"},
    {"lazy_binary_log",
     [](scene& s) {
       s.facts.settings->binary_log = true;
       s.facts.settings->sync_binlog = 0;
     },
     "durability", warning, "sync_binlog = 0", "sync_binlog = 1"},
    {"no_binary_log", [](scene& s) { s.facts.settings->sync_binlog = 0; }, "durability", ok, "= 1",
     ""},
    {"no_doublewrite", [](scene& s) { s.facts.settings->doublewrite = false; },
     "innodb_doublewrite", warning, "off", "half written"},
    {"packet", [](scene&) {}, "max_allowed_packet", ok, "16384 KiB", ""},
    {"tables_without_transactions",
     [](scene& s) {
       s.facts.tables->without_transactions = {"old", "older"};
     },
     "engines", warning, "old, older", "InnoDB"},
    {"no_operation_table_and_not_to_be_made",
     [](scene& s) {
       s.facts.tables->operation_tables = false;
       s.options.operation_keys.enabled = true;
       s.options.operation_keys.create_table = false;
     },
     "operation_table", error, "not there", "operation-table --print"},
    {"no_operation_table_and_no_right_to_make_it",
     [](scene& s) {
       s.facts.tables->operation_tables = false;
       s.facts.tables->creatable = false;
       s.options.operation_keys.enabled = true;
     },
     "operation_table", error, "may not make it", "operation-table --print"},
};

class mysql_checkup : public ::testing::TestWithParam<judgement> {};

TEST_P(mysql_checkup, judges) {
  const judgement& j = GetParam();
  scene s = healthy();
  j.change(s);
  const finding f = row(judged(s), j.check);
  EXPECT_EQ(f.is, j.is) << f.found;
  EXPECT_NE(f.found.find(j.found), std::string::npos) << f.found;
  EXPECT_NE(f.fix.find(j.fix), std::string::npos) << f.fix;
  EXPECT_EQ(f.fix.empty(), j.is == verdict::ok) << f.fix;
}
INSTANTIATE_TEST_SUITE_P(table, mysql_checkup, ::testing::ValuesIn(table),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST(mysql_checkup_rows, a_healthy_server_has_every_row_and_each_is_well) {
  const findings all = judged(healthy());
  for (const finding& f : all) EXPECT_EQ(f.is, verdict::ok) << f.check << ": " << f.found;
  EXPECT_EQ(all.size(), not_tried("").size() + 2); // and tls, login
}

TEST(mysql_checkup_rows, a_refused_login_leaves_the_rest_untried) {
  scene s;
  s.facts.failure = make_error(errc::authentication_failed, "no");
  const findings all = judged(s);
  EXPECT_EQ(all.at(0).check, "login");
  EXPECT_EQ(all.at(0).is, verdict::error);
  EXPECT_EQ(all.size(), 1 + not_tried("").size());
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(all[i].found, "not tried: no login");
  s.facts.failure = make_error(errc::tls_failed, "no");
  EXPECT_EQ(row(judged(s), "login").found, "not tried: no TLS");
}

TEST(mysql_checkup_rows, what_could_not_be_asked_says_why_and_spoils_no_other) {
  scene s = healthy();
  s.facts.failure = make_error(errc::permission_denied, "not for you");
  s.facts.usage.reset();
  const findings all = judged(s);
  EXPECT_EQ(row(all, "role").is, verdict::not_tried);
  EXPECT_NE(row(all, "connections").found.find("not for you"), std::string::npos);
  EXPECT_EQ(row(all, "sql_mode").is, verdict::ok);
}

} // namespace
} // namespace holdfast::drivers::mysql
