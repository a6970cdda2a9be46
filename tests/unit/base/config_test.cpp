#include "fake_sources.hpp"

#include <holdfast/exceptions.hpp>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using testing::all_violations;
using testing::fake_sources;
using testing::setting_of;

constexpr const char* file = "holdfast.toml";

database_config load(const fake_sources& from, std::string_view name = {}) {
  auto report = examine_config(file, name, from.sources());
  EXPECT_EQ(all_violations(report), "");
  return std::move(report.config);
}

database_config with_url(std::string_view url, const fake_sources& from = {},
                         const database_options& code = {}) {
  auto report = examine_url(url, code, from.sources());
  EXPECT_EQ(all_violations(report), "");
  return std::move(report.config);
}

void expect_setting(const database_config& c, std::string_view key, std::string_view value,
                    std::string_view origin) {
  const auto s = setting_of(c, key);
  EXPECT_EQ(s.value, value) << key;
  EXPECT_EQ(s.origin, origin) << key;
}

TEST(Config, AUrlAloneIsEnough) {
  const auto c = with_url("postgresql://app:pw@db.example:6432/shop?pool.max_size=40");
  EXPECT_EQ(c.target.scheme, "postgresql");
  EXPECT_EQ(c.target.hosts, (std::vector<host_port>{{"db.example", 6432}}));
  EXPECT_EQ(c.target.user, "app");
  EXPECT_EQ(c.target.database, "shop");
  EXPECT_EQ(c.options.credentials.password.reveal(), "pw");
  EXPECT_EQ(c.options.pool.max_size, 40U);
  EXPECT_EQ(c.options.name, "shop");
  expect_setting(c, "pool.max_size", "40", "URL parameter pool.max_size");
  expect_setting(c, "host", "db.example:6432", "URL");
  expect_setting(c, "password", "***", "URL");
  expect_setting(c, "pool.min_size", "5", "default");
}

TEST(Config, OptionsOfOtherEnginesAreNotShown) {
  const auto lite = with_url("sqlite:app.db");
  EXPECT_EQ(setting_of(lite, "host").key, "no such setting");
  EXPECT_EQ(setting_of(lite, "postgres.pooler").key, "no such setting");
  EXPECT_EQ(setting_of(lite, "sqlite.synchronous").value, "full");
  EXPECT_EQ(setting_of(with_url("postgresql://h"), "sqlite.create").key, "no such setting");
}

TEST(Config, SqliteTakesFileAndMemory) {
  EXPECT_EQ(with_url("sqlite:///var/app.db").target.database, "/var/app.db");
  EXPECT_EQ(with_url("sqlite::memory:").target.database, ":memory:");
  EXPECT_EQ(with_url("sqlite:a.db?sqlite.synchronous=normal").options.sqlite.synchronous,
            sqlite_synchronous::normal);
}

TEST(Config, CodeIsOverTheUrlAndTheUrlOverTheEnvironment) {
  fake_sources from;
  from.variables = {{"HOLDFAST_POOL_MAX_SIZE", "31"},
                    {"HOLDFAST_POOL_MIN_SIZE", "2"},
                    {"HOLDFAST_DEADLINE", "11s"}};
  const auto c =
      with_url("sqlite:a.db?pool.max_size=32&pool.min_size=3", from, {.pool = {.max_size = 33}});
  expect_setting(c, "pool.max_size", "33", "code");
  expect_setting(c, "pool.min_size", "3", "URL parameter pool.min_size");
  expect_setting(c, "deadline", "11s", "HOLDFAST_DEADLINE");
}

constexpr const char* layered = R"([database.shop]
url = "postgresql://app@base.example/shop?pool.max_size=21"
deadline = "21s"
[database.shop.pool]
max_size = 20
min_size = 10
wait_queue_limit = 20
leak_after = "20s"

[database.other]
url = "sqlite:other.db"

[env.production]
pool.min_size = 11
pool.wait_queue_limit = 21
deadline = "22s"

[env.production.database.shop]
pool.wait_queue_limit = 22
deadline = "23s"
)";

TEST(Config, LayersOfAFile) {
  fake_sources from{.variables = {{"HOLDFAST_ENV", "production"}, {"HOLDFAST_DEADLINE", "24s"}},
                    .files = {{file, layered}}};
  const auto c = load(from, "shop");
  expect_setting(c, "pool.leak_after", "20s", "holdfast.toml:8");
  expect_setting(c, "pool.max_size", "21", "URL parameter pool.max_size, holdfast.toml:2");
  expect_setting(c, "pool.min_size", "11", "holdfast.toml:14");
  expect_setting(c, "pool.wait_queue_limit", "22", "holdfast.toml:19");
  expect_setting(c, "deadline", "24s", "HOLDFAST_DEADLINE");
  EXPECT_EQ(c.options.name, "shop");
}

TEST(Config, WithoutAnEnvironmentTheBaseCounts) {
  const auto c = load({.variables = {}, .files = {{file, layered}}}, "shop");
  expect_setting(c, "deadline", "21s", "holdfast.toml:3");
  expect_setting(c, "pool.min_size", "10", "holdfast.toml:6");
}

TEST(Config, TheEnvironmentSectionSpeaksToAllDatabases) {
  const auto c =
      load({.variables = {{"HOLDFAST_ENV", "production"}}, .files = {{file, layered}}}, "other");
  expect_setting(c, "deadline", "22s", "holdfast.toml:16");
  expect_setting(c, "pool.wait_queue_limit", "21", "holdfast.toml:15");
}

TEST(Config, AVariableOverrulesTheFilesUrl) {
  const auto c =
      load({.variables = {{"HOLDFAST_POOL_MAX_SIZE", "50"}}, .files = {{file, layered}}}, "shop");
  expect_setting(c, "pool.max_size", "50", "HOLDFAST_POOL_MAX_SIZE");
}

TEST(Config, AStrongerUrlReplacesAWeakerOneWhole) {
  fake_sources from{.variables = {{"HOLDFAST_URL", "postgresql://other.example"}},
                    .files = {{file, layered}}};
  const auto c = load(from, "shop");
  expect_setting(c, "host", "other.example", "URL, HOLDFAST_URL");
  EXPECT_EQ(c.target.user, "alice") << "nothing of the weaker URL is left";
  expect_setting(c, "pool.max_size", "20", "holdfast.toml:5");
}

TEST(Config, AnEnvironmentMayChangeTheEngine) {
  fake_sources from{.variables = {{"HOLDFAST_ENV", "test"}}, .files = {{file, R"([database.shop]
url = "postgresql://app@h/shop"
[env.test.database.shop]
url = "sqlite::memory:")"}}};
  EXPECT_EQ(load(from, "shop").target.scheme, "sqlite");
}

TEST(Config, TheOnlyDatabaseNeedsNoName) {
  fake_sources from{.variables = {}, .files = {{file, "[database.shop]\nurl = \"sqlite:a.db\"\n"}}};
  EXPECT_EQ(load(from).options.name, "shop");
  EXPECT_EQ(database_names(file, from.sources()).value(), std::vector<std::string>{"shop"});
  EXPECT_FALSE(database_names("missing.toml", from.sources()));
}

TEST(Config, PresetsAreUnderWhateverIsSetByHand) {
  fake_sources from{.variables = {{"HOLDFAST_ENV", "production"}},
                    .files = {{file, R"([database.shop]
url = "postgresql://h/shop"
pool.min_size = 7
[env.production]
preset = "high_traffic")"}}};
  const auto c = load(from, "shop");
  expect_setting(c, "pool.max_size", "100", "preset high_traffic");
  expect_setting(c, "pool.min_size", "7", "holdfast.toml:3");
  EXPECT_TRUE(c.options.limiter.enabled);
  EXPECT_EQ(with_url("sqlite:a.db?preset=high_traffic").options.pool.max_size, 100U);
  EXPECT_EQ(with_url("sqlite:a.db", {}, {.preset = preset::high_traffic}).options.pool.max_size,
            100U);
}

TEST(Config, TheHighTrafficPresetIsValidForEveryEngine) {
  for (const auto* url : {"postgresql://h", "sqlite:a", "mysql://h", "redis://h", "mongodb://h"})
    (void)with_url(url, {}, {.preset = preset::high_traffic});
}

TEST(Config, RetryVariablesWorkAsGiven) {
  fake_sources from;
  from.variables = {{"DB_RETRY_MAX_ATTEMPTS", "7"},    {"DB_RETRY_BASE_DELAY", "0.25"},
                    {"DB_RETRY_MAX_DELAY", "12"},      {"REDIS_RETRY_MAX_ATTEMPTS", "4"},
                    {"REDIS_RETRY_BASE_DELAY", "1.5"}, {"REDIS_RETRY_MAX_DELAY", "8"}};
  const auto sql = with_url("postgresql://h", from);
  EXPECT_EQ(sql.options.retry.connect.max_retries, 7U);
  EXPECT_EQ(sql.options.retry.connect.backoff.base, 250ms);
  EXPECT_EQ(sql.options.retry.connect.backoff.cap, 12s);
  expect_setting(sql, "retry.connect.base", "250ms", "DB_RETRY_BASE_DELAY");
  const auto redis = with_url("redis://h", from);
  EXPECT_EQ(redis.options.redis_connect.max_retries, 4U);
  EXPECT_EQ(redis.options.redis_connect.backoff.base, 1500ms);
  EXPECT_EQ(redis.options.redis_connect.backoff.cap, 8s);
}

TEST(Config, AnEmptyVariableIsUnset) {
  fake_sources from;
  from.variables = {{"HOLDFAST_POOL_MAX_SIZE", ""}, {"PGHOST", ""}, {"HOLDFAST_URL", ""}};
  expect_setting(with_url("postgresql://h", from), "pool.max_size", "20", "default");
}

TEST(Config, AVariableForAnotherEngineIsPassedOver) {
  fake_sources from;
  from.variables = {{"HOLDFAST_SQLITE_SYNCHRONOUS", "normal"}, {"HOLDFAST_USER", "bob"}};
  EXPECT_EQ(with_url("postgresql://h", from).target.user, "bob");
  EXPECT_EQ(with_url("sqlite:a.db", from).options.sqlite.synchronous, sqlite_synchronous::normal);
}

TEST(Config, HostsMayBeAList) {
  fake_sources from{.variables = {}, .files = {{file, R"([database.shop]
url = "postgresql:///shop"
host = ["db1", "db2:5433"]
port = 6000)"}}};
  EXPECT_EQ(load(from).target.hosts,
            (std::vector<host_port>{{"db1", std::uint16_t{6000}}, {"db2", std::uint16_t{5433}}}));
}

TEST(Config, LoadThrowsOneErrorWithEverything) {
  fake_sources from{.variables = {}, .files = {{file, "[database.shop]\nurl = \"x\"\nnope = 1\n"}}};
  try {
    (void)load_config(file, "shop", from.sources());
    FAIL();
  } catch (const configuration_error& e) {
    EXPECT_EQ(e.code(), errc::invalid_configuration);
    const std::string what = e.what();
    EXPECT_NE(what.find("2 faults"), std::string::npos) << what;
    EXPECT_NE(what.find("nope (holdfast.toml:3)"), std::string::npos) << what;
    EXPECT_NE(what.find("url (holdfast.toml:2)"), std::string::npos) << what;
  }
}

} // namespace
} // namespace holdfast
