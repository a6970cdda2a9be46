#include "fake_sources.hpp"

#include <gtest/gtest.h>
#include <string>

namespace holdfast {
namespace {

using testing::all_violations;
using testing::fake_sources;
using testing::violation_of;

constexpr const char* file = "holdfast.toml";

config_report examine(const std::string& text, std::map<std::string, std::string> variables = {}) {
  const fake_sources from{.variables = std::move(variables), .files = {{file, text}}};
  return examine_config(file, "shop", from.sources());
}

config_report examine_url_only(std::string_view url,
                               std::map<std::string, std::string> variables = {}) {
  const fake_sources from{.variables = std::move(variables)};
  return examine_url(url, {}, from.sources());
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(ConfigFaults, AllAtOnceWithKeyOriginGivenAndTakes) {
  const auto report =
      examine(R"([database.shop]
url = "postgresql://h/shop?pool.max_sise=3"
deadline = "5"
[database.shop.pool]
max_size = "many"
min_size = -1
acquire_timout = "5s"
connect_timeout = "0s"
)",
              {{"HOLDFAST_POOL_IDLE_TIMEOUT", "soon"}, {"DB_RETRY_BASE_DELAY", "5m"}});
  EXPECT_EQ(
      all_violations(report),
      "pool.acquire_timout (holdfast.toml:7): given an unknown option; takes a known one; did "
      "you mean pool.acquire_timeout?\n"
      "pool.max_sise (URL parameter pool.max_sise, holdfast.toml:2): given an unknown option; "
      "takes a known one; did you mean pool.max_size?\n"
      "deadline (holdfast.toml:3): given \"5\"; takes a duration above 0 to 365d, with its "
      "unit (500ms, 5s, 2min)\n"
      "pool.max_size (holdfast.toml:5): given \"many\"; takes a count from 1 to 10000\n"
      "pool.min_size (holdfast.toml:6): given \"-1\"; takes a count from 0 to 10000\n"
      "retry.connect.base (DB_RETRY_BASE_DELAY): given \"5m\"; takes seconds, as 5 or 0.5\n"
      "pool.idle_timeout (HOLDFAST_POOL_IDLE_TIMEOUT): given \"soon\"; takes a duration above "
      "0 to 365d, with its unit (500ms, 5s, 2min), or \"off\"\n"
      "pool.connect_timeout (holdfast.toml:8): given 0s; takes a duration above 0 to 365d, "
      "with its unit (500ms, 5s, 2min)\n");
}

TEST(ConfigFaults, UnknownVariablesAreTold) {
  EXPECT_EQ(all_violations(examine_url_only(
                "sqlite:a.db", {{"HOLDFAST_POOL_MAXSIZE", "CANARY"}, {"HOLDFAST_X9", "CANARY"}})),
            "HOLDFAST_POOL_MAXSIZE (environment): given an unknown variable; takes the variable of "
            "an option; for your own take another prefix; did you mean HOLDFAST_POOL_MAX_SIZE?\n"
            "HOLDFAST_X9 (environment): given an unknown variable; takes the variable of an "
            "option; for your own take another prefix\n");
}

TEST(ConfigFaults, VariablesThatSomebodyReadsAreKnown) {
  // Another engine's, an empty one, what opens, our tests', another program's.
  EXPECT_EQ(all_violations(examine_url_only("sqlite:a.db", {{"HOLDFAST_POSTGRES_POOLER", "none"},
                                                            {"HOLDFAST_POOL_MAXSIZE", ""},
                                                            {"HOLDFAST_URL", "sqlite:b.db"},
                                                            {"HOLDFAST_ENV", "test"},
                                                            {"HOLDFAST_PG_TEMPLATE", "/t"},
                                                            {"HOLDFAST", "x"},
                                                            {"MY_HOLDFAST_POOL", "x"}})),
            "");
}

TEST(ConfigFaults, AVariableThatHoldsAPasswordIsKnown) {
  const auto* const url = "postgresql://app@h?password_env=HOLDFAST_SHOP_PW";
  EXPECT_EQ(all_violations(examine_url_only(url, {{"HOLDFAST_SHOP_PW", "x"}})), "");
  database_options code;
  code.credentials.password_env = "HOLDFAST_SHOP_PW";
  const fake_sources from{.variables = {{"HOLDFAST_SHOP_PW", "x"}}};
  EXPECT_EQ(all_violations(examine_url("postgresql://app@h", code, from.sources())), "");
  // Also that of another database in the same file.
  const auto two = [](const std::string& name) {
    return "[database." + name + "]\nurl = \"postgresql://app@h\"\npassword_env = \"HOLDFAST_" +
           name + "\"\n";
  };
  const std::map<std::string, std::string> both{{"HOLDFAST_shop", "x"}, {"HOLDFAST_bank", "x"}};
  EXPECT_EQ(all_violations(examine(two("shop") + two("bank"), both)), "");
}

TEST(ConfigFaults, ImpossiblePairsNameBothOrigins) {
  const auto report = examine(R"([database.shop]
url = "sqlite:a.db"
pool.min_size = 30)",
                              {{"HOLDFAST_POOL_MAX_SIZE", "25"}});
  EXPECT_EQ(all_violations(report),
            "pool.min_size (holdfast.toml:3): given 30; takes at most pool.max_size, which is 25 "
            "(HOLDFAST_POOL_MAX_SIZE)\n");
}

TEST(ConfigFaults, BadTomlHasLineAndColumn) {
  const auto report = examine("[database.shop]\nurl = \"sqlite:a.db\nx = 1\n");
  ASSERT_EQ(report.violations.size(), 1U);
  EXPECT_TRUE(report.violations[0].origin.starts_with("holdfast.toml:2:"))
      << all_violations(report);
}

TEST(ConfigFaults, MissingFile) {
  const auto report = examine_config("nowhere.toml", "shop", fake_sources{}.sources());
  EXPECT_EQ(
      all_violations(report),
      "file (nowhere.toml): given an unreadable file (cannot read nowhere.toml: No such file or "
      "directory); takes a file that can be read\n");
}

TEST(ConfigFaults, UnknownDatabase) {
  EXPECT_EQ(all_violations(examine("[database.shopp]\nurl = \"sqlite:a\"\n[database.other]\n")),
            "database (holdfast.toml): given \"shop\"; takes one of other, shopp; did you mean "
            "shopp?\n");
  EXPECT_TRUE(has(all_violations(examine("")), "[database.NAME]"));
}

TEST(ConfigFaults, AFileWithSeveralNeedsAName) {
  const fake_sources from{.variables = {}, .files = {{file, "[database.a]\n[database.b]\n"}}};
  EXPECT_EQ(all_violations(examine_config(file, "", from.sources())),
            "database (holdfast.toml): given no name; takes one of a, b\n");
}

TEST(ConfigFaults, UnknownSections) {
  const auto report = examine(R"([databases.shop]
[database.shop]
url = "sqlite:a.db"
[env.prodution]
deadline = "1s"
[env.test.database.shpo]
deadline = "1s")");
  EXPECT_EQ(
      all_violations(report),
      "databases (holdfast.toml:1): given an unknown section; takes one of database, env; did "
      "you mean database?\n"
      "env.prodution (holdfast.toml:4): given an unknown section; takes one of development, "
      "test, production; did you mean production?\n"
      "env.test.database.shpo (holdfast.toml:6): given an unknown section; takes one of shop; "
      "did you mean shop?\n");
}

TEST(ConfigFaults, AnUnknownEnvironmentIsRefused) {
  const auto report =
      examine("[database.shop]\nurl = \"sqlite:a.db\"\n", {{"HOLDFAST_ENV", "prod"}});
  ASSERT_EQ(report.violations.size(), 1U);
  EXPECT_EQ(report.violations[0].key, "HOLDFAST_ENV");
}

TEST(ConfigFaults, SectionsOfOtherEnvironmentsAreReadToo) {
  const auto report = examine(R"([database.shop]
url = "sqlite:a.db"
[env.production]
deadline = "1"
pool.max_size = 0
[env.production.database.shop]
url = "nonsense"
nope = 1)",
                              {{"HOLDFAST_ENV", "test"}});
  for (const auto* key : {"deadline", "pool.max_size", "url", "nope"})
    EXPECT_NE(violation_of(report, key), nullptr) << key;
  EXPECT_EQ(report.violations.size(), 4U) << all_violations(report);
}

TEST(ConfigFaults, TypesOfToml) {
  const auto report = examine(R"([database.shop]
url = 5
user = 5
deadline = ["a", 1]
start = 2026-01-01
pool = 3)");
  for (const auto* key : {"url", "user", "deadline", "start", "pool"})
    EXPECT_NE(violation_of(report, key), nullptr) << key << "\n" << all_violations(report);
}

TEST(ConfigFaults, SectionsMustBeSections) {
  EXPECT_EQ(examine("database = 3\n").violations.size(), 1U);
  EXPECT_EQ(examine("env = 3\n[database.shop]\nurl = \"sqlite:a\"\n").violations.size(), 1U);
  EXPECT_EQ(examine("[env]\ntest = 3\n[database.shop]\nurl = \"sqlite:a\"\n").violations.size(),
            1U);
  EXPECT_EQ(examine("[database]\nshop = 3\n").violations.size(), 1U);
}

TEST(ConfigFaults, OneUrlForAllDatabasesIsRefused) {
  const auto report = examine(R"([database.shop]
url = "sqlite:a.db"
[env.test]
url = "sqlite:b.db")");
  EXPECT_EQ(report.violations.size(), 1U) << all_violations(report);
}

TEST(ConfigFaults, MissingUrl) {
  const auto report = examine("[database.shop]\ndeadline = \"1s\"\n");
  EXPECT_EQ(all_violations(report), "url: given none; takes a URL, as "
                                    "postgresql://user@host/database or sqlite:file\n");
}

TEST(ConfigFaults, UnknownScheme) {
  const auto text = all_violations(examine_url_only("postgresq://h/d"));
  EXPECT_TRUE(has(text, "did you mean postgresql?")) << text;
}

TEST(ConfigFaults, AnOptionOfAnotherEngine) {
  const auto text = all_violations(examine_url_only("sqlite:a.db?postgres.pooler=none"));
  EXPECT_TRUE(has(text, "databases of sqlite have no such option")) << text;
  EXPECT_TRUE(has(all_violations(examine_url_only("postgresql://h?sqlite.create=true")),
                  "databases of postgresql"));
}

TEST(ConfigFaults, SqliteNeedsAFile) {
  EXPECT_NE(violation_of(examine_url_only("sqlite:"), "database"), nullptr);
}

TEST(ConfigFaults, TheSameSaidTwiceInAUrl) {
  EXPECT_EQ(examine_url_only("postgresql://a/d?host=b").violations.size(), 1U);
  EXPECT_EQ(examine_url_only("postgresql://a/d?sslmode=require&tls.mode=disable").violations.size(),
            1U);
}

TEST(ConfigFaults, TwoPasswordsInOnePlace) {
  const auto report = examine(R"([database.shop]
url = "postgresql://h"
password_env = "A"
password_file = "b")");
  EXPECT_EQ(report.violations.size(), 2U) << all_violations(report);
}

TEST(ConfigFaults, ADateThatBreaksOff) {
  const auto report = examine("[database.shop]\nurl = \"postgresql://h\"\nx = 1979-05-27T:32:00Z");
  ASSERT_EQ(report.violations.size(), 1U) << all_violations(report);
  EXPECT_NE(report.violations[0].origin.find(":3"), std::string::npos)
      << report.violations[0].origin;
}

// toml++ 3.3 took it for sure that none of them comes there.
TEST(ConfigFaults, ALetterThatIsNoAsciiInAKey) {
  EXPECT_EQ(examine("[database.shop]\npool\u0499 = 1").violations.size(), 1U);
}

} // namespace
} // namespace holdfast
