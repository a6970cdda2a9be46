#include "base/option.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <string>

namespace holdfast::detail {
namespace {

using namespace std::chrono_literals;

TEST(OptionTable, NamesAreUnique) {
  std::set<std::string> names;
  std::size_t count = 0;
  for (const auto& row : option_table()) {
    names.insert(row.key);
    names.insert(row.variable);
    count += 2;
  }
  for (const auto& other : option_aliases()) {
    names.insert(std::string{other.name});
    ++count;
  }
  EXPECT_EQ(names.size(), count);
}

TEST(OptionTable, EveryRowIsWhole) {
  for (const auto& row : option_table()) {
    EXPECT_TRUE(row.variable.starts_with("HOLDFAST_")) << row.key;
    EXPECT_TRUE(row.help.ends_with('.')) << row.key;
    EXPECT_FALSE(row.takes.empty()) << row.key;
  }
  EXPECT_EQ(find_option("pool.max_size")->variable, "HOLDFAST_POOL_MAX_SIZE");
  EXPECT_EQ(find_option("pool.max_size")->takes, "a count from 1 to 10000");
  EXPECT_EQ(find_option("pool.idle_timeout")->takes,
            "a duration above 0 to 365d, with its unit (500ms, 5s, 2min), or \"off\"");
}

TEST(OptionTable, AliasesAndPresetsNameRealOptions) {
  for (const auto& other : option_aliases())
    EXPECT_NE(find_option(other.key), nullptr) << other.name;
  for (const auto& each : preset_values(preset::high_traffic)) {
    const auto* row = find_option(each.key);
    ASSERT_NE(row, nullptr) << each.key;
    database_config c;
    EXPECT_TRUE(row->read(c, each.text)) << each.key;
    EXPECT_FALSE(row->same(c, database_config{})) << each.key << " sets the default";
  }
}

TEST(OptionTable, DefaultsReadBackAsTheyAreShown) {
  const database_config standard;
  for (const auto& row : option_table()) {
    const auto text = row.show(standard);
    if (text.empty()) continue;
    database_config c;
    EXPECT_TRUE(row.read(c, text)) << row.key << " = " << text;
    EXPECT_TRUE(row.same(c, standard)) << row.key;
  }
}

// A row bound to its neighbour's field would show here.
TEST(OptionTable, EachRowHasAFieldOfItsOwn) {
  const database_config standard;
  for (const auto& row : option_table()) {
    database_config c;
    bool changed = false;
    for (const auto* text :
         {"off",          "on",     "71",      "0.71",      "71s",         "71KiB",
          "high_traffic", "lazy",   "require", "fail_fast", "none",        "time",
          "disabled",     "always", "json",    "debug",     "transaction", "truncate",
          "full",         "extra",  "h71",     "unlimited", "any",         "replica_or_primary"})
      if (row.read(c, text) && !row.same(c, standard)) {
        changed = true;
        break;
      }
    ASSERT_TRUE(changed) << row.key;
    for (const auto& other : option_table())
      EXPECT_EQ(other.same(c, standard), other.key != row.key) << row.key << ", " << other.key;
  }
}

TEST(OptionTable, DefaultsAreValid) { EXPECT_TRUE(database_options{}.validate().empty()); }

// One line of each, not two whole pages; empty if there is none.
std::string first_difference(std::string_view written, std::string_view page) {
  const auto was = split(written, '\n');
  const auto is = split(page, '\n');
  for (std::size_t i = 0; i < std::max(was.size(), is.size()); ++i) {
    const auto a = i < was.size() ? std::string{was[i]} : "(its end)";
    const auto b = i < is.size() ? std::string{is[i]} : "(its end)";
    if (a != b) return "line " + std::to_string(i + 1) + ":\n  " + a + "\nnow:\n  " + b;
  }
  return {};
}

TEST(OptionTable, ThePageIsUpToDate) {
  const std::string path = std::string{HOLDFAST_SOURCE_DIR} + "/docs/reference/options.md";
  const std::string page = options_reference();
  if (std::getenv("HOLDFAST_UPDATE_GOLDEN") != nullptr) std::ofstream{path} << page;
  std::ifstream in{path};
  const std::string written{std::istreambuf_iterator<char>{in}, {}};
  const auto differs = first_difference(written, page);
  EXPECT_TRUE(differs.empty()) << differs << "\nrun this test with HOLDFAST_UPDATE_GOLDEN=1";
}

const violation* of(const std::vector<violation>& all, std::string_view key) {
  for (const auto& each : all)
    if (each.key == key) return &each;
  return nullptr;
}

TEST(Validate, TellsAllAtOnce) {
  database_options o;
  o.pool.min_size = 30;
  o.pool.acquire_timeout = 0s;
  o.pool.idle_timeout = -1s;
  o.breaker.failure_rate_threshold = 1.5;
  o.retry.connect.backoff.base = 40s;
  o.operation_keys.retention = 24h;
  const auto found = o.validate();
  EXPECT_EQ(found.size(), 6U);
  ASSERT_NE(of(found, "pool.min_size"), nullptr);
  EXPECT_EQ(to_string(*of(found, "pool.min_size")),
            "pool.min_size (code): given 30; takes at most pool.max_size, which is 20 (code)");
  ASSERT_NE(of(found, "pool.acquire_timeout"), nullptr);
  EXPECT_EQ(of(found, "pool.acquire_timeout")->given, "0s");
  EXPECT_NE(of(found, "pool.idle_timeout"), nullptr);
  EXPECT_NE(of(found, "breaker.failure_rate_threshold"), nullptr);
  EXPECT_NE(of(found, "retry.connect.base"), nullptr);
  EXPECT_NE(of(found, "operation_keys.retention"), nullptr);
}

TEST(Validate, KnowsWhatDoesNotFitTogether) {
  database_options o;
  o.tls.cert_file = "c.pem";
  o.credentials.password = secret{"CANARY"};
  o.credentials.password_env = "X";
  o.limiter.enabled = true;
  o.pool.max_size = 10;
  o.breaker.minimum_calls = 200;
  o.breaker.open_for = 2min;
  const auto found = o.validate();
  for (const auto* key : {"tls.cert_file", "password", "password_env", "limiter.ceiling",
                          "breaker.minimum_calls", "breaker.open_for"})
    EXPECT_NE(of(found, key), nullptr) << key;
  EXPECT_EQ(found.size(), 6U);
  EXPECT_EQ(of(found, "password")->given, "***");
}

TEST(Validate, ATransactionPoolerHasNoSessionToPrepare) {
  database_options o;
  o.after_connect = "set search_path to shop";
  EXPECT_TRUE(o.validate().empty());
  o.postgres.pooler = pooler_mode::transaction;
  const auto found = o.validate();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(to_string(found[0]),
            "after_connect (code): given set search_path to shop; takes nothing while "
            "postgres.pooler is transaction (code): the pooler gives each transaction another "
            "session");
  o.after_connect.clear();
  EXPECT_TRUE(o.validate().empty());
}

TEST(Validate, ThresholdsOfOneAreWholeAndEdgesCount) {
  database_options o;
  o.breaker.failure_rate_threshold = 1.0;
  o.pool.wait_queue_limit = 0;
  o.pool.min_size = 20;
  o.operation_keys.retention = 7 * 24h;
  EXPECT_TRUE(o.validate().empty());
  o.breaker.failure_rate_threshold = 0.0;
  o.limiter.decrease = 1.0;
  EXPECT_EQ(o.validate().size(), 2U);
}

TEST(Tls, AutomaticMeansVerifyFullButForLocalHosts) {
  const tls_options automatic;
  for (const auto* local : {"localhost", "127.0.0.1", "127.1.2.3", "::1", "/var/run/postgresql"})
    EXPECT_EQ(effective_tls_mode(automatic, {local, std::nullopt}), tls_mode::disable) << local;
  for (const auto* far : {"db.example", "10.0.0.1", "::2", "localhost.example", "127.example.org"})
    EXPECT_EQ(effective_tls_mode(automatic, {far, std::nullopt}), tls_mode::verify_full) << far;
  EXPECT_EQ(effective_tls_mode({.mode = tls_mode::require}, {"localhost", std::nullopt}),
            tls_mode::require);
}

} // namespace
} // namespace holdfast::detail
